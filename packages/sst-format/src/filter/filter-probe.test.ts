import { createSeededRandom } from '@varve/base/testing'
import { expect, test } from 'vitest'

import { buildFastLocalBloom } from './fast-local-bloom.ts'
import { FilterKeys } from './filter-keys.ts'
import { FilterProbe } from './filter-probe.ts'
import { FilterReader } from './filter-reader.ts'

test('a probe says of every key what the filter says', () => {
  const random = createSeededRandom(3)
  for (const bitsPerKey of [2, 7.5, 10, 20, 60]) {
    const stored = Array.from({ length: 2000 }, (_, i) => random.bytes(i % 40))
    const keys = new FilterKeys(false)
    for (const key of stored) keys.add(key, key.length)
    const filter = new FilterReader(buildFastLocalBloom(keys, bitsPerKey))
    expect(filter.takesHash).toBe(true)
    const probe = new FilterProbe()
    let passed = 0
    for (const key of stored) {
      probe.set(key)
      expect(probe.passes(filter)).toBe(1)
    }
    for (let i = 0; i < 20_000; i++) {
      const key = random.bytes(i % 40)
      probe.set(key)
      const answer = probe.passes(filter)
      expect(answer).toBe(filter.mayMatch(key, key.length) ? 1 : 0)
      passed += answer
    }
    expect(passed).toBeLessThan(20_000)
  }
})
