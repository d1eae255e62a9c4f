import type { SeededRandom } from '@varve/base/testing'
import {
  buildFastLocalBloom,
  buildLegacyBloom,
  buildRibbon,
  FilterKeys,
  FilterReader,
} from '@varve/sst-format/testing'

import type { FuzzTarget } from '../fuzz-target.ts'

const probes = ['', 'a', 'abcdefgh', 'x'.repeat(100)].map((text) => new TextEncoder().encode(text))

/** For fewer keys there is no Ribbon filter. */
const ribbonKeysMin = 1024

/** The probes and some other keys. */
function someKeys(random: SeededRandom, legacy: boolean, least = 0): FilterKeys {
  const keys = new FilterKeys(legacy)
  for (const key of probes) keys.add(key, key.length)
  for (let n = least + random.below(60); n > 0; n--) keys.add(random.bytes(8), 8)
  return keys
}

/** Filters of one kind: they may say yes too often when damaged, but must say something, and what is in a whole one is never denied. */
function filterTarget(name: string, make: FuzzTarget['make']): FuzzTarget {
  return {
    name,
    make,
    run(input, { valid }) {
      const filter = new FilterReader(input)
      for (const key of probes) {
        const answer = filter.mayMatch(key, key.length)
        if (typeof answer !== 'boolean') throw new Error('no answer')
        if (valid && !answer) throw new Error('a key that was added is denied')
      }
    },
  }
}

export const filterTargets: readonly FuzzTarget[] = [
  filterTarget('bloom-filter', (random) =>
    buildFastLocalBloom(someKeys(random, false), random.pick([1, 5, 10, 20])),
  ),
  filterTarget('legacy-bloom-filter', (random) =>
    buildLegacyBloom(someKeys(random, true), random.pick([1, 5, 10, 20])),
  ),
  filterTarget('ribbon-filter', (random) => {
    for (;;) {
      const filter = buildRibbon(someKeys(random, false, ribbonKeysMin), random.pick([3, 5, 8]))
      if (filter !== undefined) return filter
    }
  }),
]
