import { CorruptionError } from '@varve/base'
import { expect, test } from 'vitest'

import {
  base64Uuid,
  formatOffsetCheckpoint,
  formatPartitionMetadata,
  parseOffsetCheckpoint,
} from './checkpoint-file.ts'

test('offset checkpoints are read as they are written', () => {
  const entries = [
    { topic: 'orders', partition: 0, offset: 12 },
    { topic: 'a.b_c-d', partition: 11, offset: 0 },
  ]
  const text = formatOffsetCheckpoint(entries)
  expect(text).toBe('0\n2\norders 0 12\na.b_c-d 11 0\n')
  expect(parseOffsetCheckpoint(text, 'x')).toEqual(entries)
})

test('a cut or foreign checkpoint is damage', () => {
  expect(() => parseOffsetCheckpoint('0\n2\norders 0 12\n', 'x')).toThrow(CorruptionError)
  expect(() => parseOffsetCheckpoint('1\n0\n', 'x')).toThrow(/version/)
  expect(() => parseOffsetCheckpoint('0\n1\norders zero\n', 'x')).toThrow(/bad line/)
})

test('topic ids are 22 characters of base64url', () => {
  expect(base64Uuid('fbffffff-ffff-4fff-bfff-ffffffffffff')).toMatch(/^-[A-Za-z0-9_-]{21}$/)
  expect(base64Uuid('00000000-0000-0000-0000-000000000001')).toBe('AAAAAAAAAAAAAAAAAAAAAQ')
  expect(formatPartitionMetadata('00000000-0000-0000-0000-000000000001')).toBe(
    'version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ',
  )
})
