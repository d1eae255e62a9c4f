import { bytewiseComparator, encodeInternalKey, sequenceSentinel, ValueType } from '@varve/base'
import { FragmentedRangeTombstones } from '@varve/sst-format'
import { BlockBuilder, decodeRangeTombstones } from '@varve/sst-format/testing'

import type { FuzzTarget } from '../fuzz-target.ts'

const probes = ['', 'b', 'key5', 'zz'].map((text) => new TextEncoder().encode(text))

/** Range-deletion blocks: each tombstone covers something, and look-ups among them end. */
export const rangeTombstoneTarget: FuzzTarget = {
  name: 'range-tombstone-block',
  make(random) {
    const builder = new BlockBuilder(1)
    let start = 0
    for (let left = 1 + random.below(12); left > 0; left--) {
      const end = start + 1 + random.below(5)
      const name = (n: number): Uint8Array =>
        new TextEncoder().encode(`key${String(n).padStart(4, '0')}`)
      const key = encodeInternalKey(name(start), random.below(1 << 30), ValueType.RangeDeletion)
      builder.add(key, name(end))
      start = end
    }
    return new Uint8Array(builder.finish())
  },
  run(input, { valid }) {
    const tombstones = decodeRangeTombstones(input, 'table', 0, bytewiseComparator, undefined)
    if (valid && tombstones.length === 0) throw new Error('no tombstones')
    for (const { start, end, sequence } of tombstones) {
      if (bytewiseComparator.compare(start, end) >= 0) throw new Error('a tombstone over nothing')
      // The largest of all is the sentinel, which is infinite here.
      if (!Number.isSafeInteger(sequence) && sequence !== sequenceSentinel)
        throw new Error(`sequence number ${sequence}`)
    }
    const fragments = new FragmentedRangeTombstones(tombstones, bytewiseComparator)
    for (const key of probes) fragments.maxCoveringSequence(key, Number.MAX_SAFE_INTEGER)
  },
  // Keys share what the key before had.
  allocationMax: (inputBytes) => 65_536 + inputBytes * inputBytes,
}
