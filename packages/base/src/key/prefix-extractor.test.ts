import { describe, expect, it } from 'vitest'

import { InvalidOptionError } from '../errors.ts'
import {
  cappedPrefixExtractor,
  fixedPrefixExtractor,
  prefixExtractorNamed,
} from './prefix-extractor.ts'

const key = new Uint8Array(5)

describe('prefix extractors', () => {
  it('cut a fixed number of bytes, or at most so many', () => {
    expect(fixedPrefixExtractor(3).prefixLength(key, 5)).toBe(3)
    expect(fixedPrefixExtractor(6).prefixLength(key, 5)).toBe(-1)
    expect(cappedPrefixExtractor(3).prefixLength(key, 5)).toBe(3)
    expect(cappedPrefixExtractor(6).prefixLength(key, 5)).toBe(5)
  })

  it('are found by the names that tables and OPTIONS files have', () => {
    for (const extractor of [fixedPrefixExtractor(8), cappedPrefixExtractor(9)])
      expect(prefixExtractorNamed(extractor.name)?.name).toBe(extractor.name)
    expect(prefixExtractorNamed('fixed:4')?.name).toBe('rocksdb.FixedPrefix.4')
    expect(prefixExtractorNamed('capped:4')?.name).toBe('rocksdb.CappedPrefix.4')
    expect(prefixExtractorNamed('rocksdb.Noop')?.prefixLength(key, 5)).toBe(5)
    for (const name of ['nullptr', '', 'rocksdb.FixedPrefix', 'mine', 'fixed:9999999'])
      expect(prefixExtractorNamed(name)).toBeUndefined()
    expect(() => fixedPrefixExtractor(-1)).toThrow(InvalidOptionError)
  })
})
