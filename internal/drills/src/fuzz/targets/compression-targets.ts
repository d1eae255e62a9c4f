import type { SeededRandom } from '@varve/base/testing'
import { codecByName, decompressBzip2, type CodecName } from '@varve/base/compression'
import { CompressionType } from '@varve/sst-format'
import { compressBlock, decompressBlock } from '@varve/sst-format/testing'

import type { FuzzTarget } from '../fuzz-target.ts'

const outputMax = 1 << 16

/** Text that compresses, with some noise in it. */
function original(random: SeededRandom): Uint8Array {
  const words = Array.from({ length: random.below(200) }, () =>
    random.pick(['stream', 'table', 'varve', '\0\0\0\0\0\0\0\0', String(random.below(1000))]),
  )
  const text = new TextEncoder().encode(words.join(''))
  const noise = random.bytes(random.below(40))
  return new Uint8Array([...text, ...noise])
}

function codecTarget(name: CodecName): FuzzTarget {
  const codec = codecByName(name)
  return {
    name,
    make: (random) => codec.compress(original(random)),
    run(input) {
      const output = codec.decompress(input, outputMax)
      if (output.length > outputMax) throw new Error('more than was allowed')
    },
    allocationMax: (inputBytes) => 2 * outputMax + 65_536 + inputBytes * 64,
  }
}

/** Some text of bzip2: there is no writer to make others. */
const bzip2Sample = Buffer.from(
  'QlpoOTFBWSZTWWJCydwAAIP5gH//////////ogARACAAVDSgRiaNGmIyGgMmTE0wjI0aMQzIATTTTTTJkxGAJpiYTAmJh5CKMOQSUWYbwO4n8kOaPRLqmp2VW7rsM+NGggAAQRptx15+CGL1DFH1k7SzT0d/FNXn1X7+WfbwACFwAIbiIgLrwAQ/i7kinChIMSFk7gA=',
  'base64',
)

const bzip2Target: FuzzTarget = {
  name: 'bzip2',
  make: () => new Uint8Array(bzip2Sample),
  run(input) {
    const output = decompressBzip2(input, outputMax)
    if (output.length > outputMax) throw new Error('more than was allowed')
  },
  // Six Huffman tables with look-up tables.
  allocationMax: (inputBytes) => (1 << 20) + inputBytes * 64,
}

/** Compressions of blocks that are written. */
export const blockTypes = [
  CompressionType.Snappy,
  CompressionType.Zlib,
  CompressionType.LZ4,
  CompressionType.LZ4HC,
  CompressionType.ZSTD,
] as const
const dictionary = new TextEncoder().encode('streamtablevarve'.repeat(8))

/** Blocks as tables store them: the first byte here tells the type, and whether there is a dictionary. */
const compressedBlockTarget: FuzzTarget = {
  name: 'compressed-block',
  make(random) {
    for (;;) {
      const choice = random.below(blockTypes.length * 2)
      const body = compressBlock(original(random), {
        type: blockTypes[choice >>> 1]!,
        level: undefined,
        dictionary: (choice & 1) === 0 ? undefined : dictionary,
      })
      if (body !== undefined) return Uint8Array.of(choice, ...body)
    }
  },
  run(input) {
    const choice = (input[0] ?? 0) % (blockTypes.length * 2)
    decompressBlock(blockTypes[choice >>> 1]!, input.subarray(1), 0, {
      file: 'table',
      formatVersion: 5,
      dictionary: (choice & 1) === 0 ? undefined : dictionary,
    })
  },
  // The formats expand by so much at most.
  allocationMax: (inputBytes) => 65_536 + (inputBytes + 16) * 2100,
}

export const compressionTargets: readonly FuzzTarget[] = [
  ...(['snappy', 'lz4', 'lz4-frame', 'zstd', 'deflate', 'gzip'] as const).map(codecTarget),
  bzip2Target,
  compressedBlockTarget,
]
