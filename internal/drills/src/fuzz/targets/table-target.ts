import { writeFixed32 } from '@varve/base'
import { ChecksumType, CompressionType, IndexType } from '@varve/sst-format'
import {
  Block,
  BlockCursor,
  blockChecksum,
  decodeFooter,
  decodeIndexBlock,
} from '@varve/sst-format/testing'

import type { FuzzTarget } from '../fuzz-target.ts'
import { blockTypes } from './compression-targets.ts'
import { buildTable, readTable } from './table-part-targets.ts'

interface Handle {
  readonly offset: number
  readonly sizeBytes: number
}

/** Where the blocks of tables of a length are; of several tables of one length, those of the last. */
const layouts = new Map<number, { readonly checksum: ChecksumType; readonly blocks: Handle[] }>()

/** Whole tables: what checksums cover is as written, or refused. */
export const tableTarget: FuzzTarget = {
  name: 'table',
  make(random) {
    const table = buildTable(random, {
      blockSizeBytes: random.pick([64, 256]),
      compression: random.pick([CompressionType.NoCompression, CompressionType.Snappy]),
      checksum: random.pick([ChecksumType.CRC32c, ChecksumType.XXH3]),
      bloomBitsPerKey: random.pick([0, 10]),
      compressIndex: false,
    })
    layouts.set(table.length, layoutOf(table))
    return table
  },
  repair(input) {
    const layout = layouts.get(input.length)
    if (layout === undefined) return
    for (const { offset, sizeBytes } of layout.blocks)
      writeFixed32(
        input,
        offset + sizeBytes + 1,
        blockChecksum(layout.checksum, input, offset, sizeBytes),
      )
  },
  run(input) {
    readTable(input)
  },
  allocationMax: (inputBytes) => (1 << 20) + inputBytes * inputBytes,
}

const compressions = [CompressionType.NoCompression, ...blockTypes]

/** Whole tables of every layout without checksums: damage reaches all that lies behind them. */
export const uncheckedTableTarget: FuzzTarget = {
  name: 'unchecked-table',
  make(random) {
    const indexType = random.pick([
      IndexType.BinarySearch,
      IndexType.HashSearch,
      IndexType.TwoLevelIndexSearch,
      IndexType.BinarySearchWithFirstKey,
    ])
    const compression = random.pick(compressions)
    return buildTable(random, {
      formatVersion: 2 + random.below(6),
      blockSizeBytes: random.pick([64, 256]),
      blockRestartInterval: random.pick([1, 4, 16]),
      indexBlockRestartInterval: random.pick([1, 4]),
      compression,
      checksum: ChecksumType.NoChecksum,
      bloomBitsPerKey: random.pick([0, 10]),
      filter: random.pick(['bloom', 'ribbon']),
      indexType,
      dataBlockIndex: random.pick(['binary', 'binaryAndHash']),
      ...(indexType === IndexType.HashSearch ? { prefixExtractor: 'rocksdb.FixedPrefix.4' } : {}),
      ...(indexType === IndexType.TwoLevelIndexSearch
        ? { metadataBlockSizeBytes: 64, partitionFilters: random.below(2) === 0 }
        : {}),
      ...(compression === CompressionType.ZSTD && random.below(2) === 0
        ? { maxDictBytes: 256 }
        : {}),
    })
  },
  run(input) {
    readTable(input)
  },
  // The formats expand by so much at most; a table's tail may be decoded once for each block that a damaged index names.
  allocationMax: (inputBytes) => (1 << 20) + inputBytes * 2100 + inputBytes * inputBytes,
}

function layoutOf(table: Uint8Array): {
  readonly checksum: ChecksumType
  readonly blocks: Handle[]
} {
  const { checksum, metaindex, index } = decodeFooter(table.subarray(-53), table.length, 'table')
  const contents = ({ offset, sizeBytes }: Handle): Uint8Array =>
    table.subarray(offset, offset + sizeBytes)
  const blocks: Handle[] = [metaindex, index!]
  const cursor = new BlockCursor()
  cursor.setBlock(new Block(contents(metaindex), 'table', 0))
  for (cursor.seekToFirst(); cursor.valid; cursor.next()) {
    const numbers = varints(cursor.value)
    blocks.push({ offset: numbers[0]!, sizeBytes: numbers[1]! })
  }
  const coding = { keyIsUserKey: true, valueIsDelta: true, hasFirstKey: false }
  const entries = decodeIndexBlock(contents(index!), coding, 'table', 0)
  for (let i = 0; i < entries.count; i++) blocks.push(entries.handle(i))
  return { checksum, blocks }
}

function varints(bytes: Uint8Array): number[] {
  const numbers: number[] = []
  let value = 0
  let shift = 1
  for (const byte of bytes) {
    value += (byte & 127) * shift
    shift *= 128
    if (byte >= 128) continue
    numbers.push(value)
    value = 0
    shift = 1
  }
  return numbers
}
