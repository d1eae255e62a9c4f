import type { FamilyOptionsSection } from '@varve/manifest'

import type { ChecksumName, IndexName, TableLayoutOptions } from '../options/table-layout.ts'
import type { ResolvedTableLayout } from '../options/table-layout.ts'
import {
  booleanOf,
  defined,
  numberOf,
  sizeWithin,
  structOf,
  valueNamed,
  type NameTable,
} from './option-values.ts'

const checksums: NameTable<ChecksumName> = {
  none: 'kNoChecksum',
  crc32c: 'kCRC32c',
  xxhash: 'kxxHash',
  xxhash64: 'kxxHash64',
  xxh3: 'kXXH3',
}
const indexes: NameTable<IndexName> = {
  binary: 'kBinarySearch',
  hash: 'kHashSearch',
  twoLevel: 'kTwoLevelIndexSearch',
  firstKey: 'kBinarySearchWithFirstKey',
}
const dataBlockIndexes: NameTable<'binary' | 'binaryAndHash'> = {
  binary: 'kDataBlockBinarySearch',
  binaryAndHash: 'kDataBlockBinaryAndHash',
}
const shortenings: NameTable<'none' | 'separators' | 'separatorsAndSuccessor'> = {
  none: 'kNoShortening',
  separators: 'kShortenSeparators',
  separatorsAndSuccessor: 'kShortenSeparatorsAndSuccessor',
}

/** The section `TableOptions/BlockBasedTable` of a family. */
export function tableSectionOf(options: ResolvedTableLayout): Map<string, string> {
  return new Map([
    ['format_version', String(options.formatVersion)],
    ['block_size', String(options.blockSizeBytes)],
    ['block_restart_interval', String(options.blockRestartInterval)],
    ['index_block_restart_interval', String(options.indexBlockRestartInterval)],
    ['block_align', String(options.blockAlign)],
    ['data_block_index_type', dataBlockIndexes[options.dataBlockIndex]],
    ['data_block_hash_table_util_ratio', options.dataBlockHashRatio.toFixed(6)],
    ['index_type', indexes[options.index]],
    ['index_shortening', shortenings[options.indexShortening]],
    ['metadata_block_size', String(options.metadataBlockSizeBytes)],
    ['partition_filters', String(options.partitionFilters)],
    ['filter_policy', filterPolicyText(options)],
    ['whole_key_filtering', String(options.wholeKeyFiltering)],
    ['checksum', checksums[options.checksum]],
  ])
}

/** The options of a section of block-based tables; what it does not say, or not in words known here, is left out. */
export function tableLayoutOf({ table, tableFactory }: FamilyOptionsSection): TableLayoutOptions {
  if (table === undefined || tableFactory !== undefined) return {}
  return defined<TableLayoutOptions>({
    // Older forms are read, and not written.
    formatVersion: sizeWithin(table.get('format_version'), 2, 7),
    blockSizeBytes: sizeWithin(table.get('block_size'), 64, 1 << 28),
    blockRestartInterval: sizeWithin(table.get('block_restart_interval'), 1, 1 << 20),
    indexBlockRestartInterval: sizeWithin(table.get('index_block_restart_interval'), 1, 1 << 20),
    blockAlign: booleanOf(table.get('block_align')),
    dataBlockIndex: valueNamed(dataBlockIndexes, table.get('data_block_index_type')),
    dataBlockHashRatio: numberOf(table.get('data_block_hash_table_util_ratio')),
    index: valueNamed(indexes, table.get('index_type')),
    indexShortening: valueNamed(shortenings, table.get('index_shortening')),
    metadataBlockSizeBytes: sizeWithin(table.get('metadata_block_size'), 64, 1 << 28),
    partitionFilters: booleanOf(table.get('partition_filters')),
    wholeKeyFiltering: booleanOf(table.get('whole_key_filtering')),
    checksum: valueNamed(checksums, table.get('checksum')),
    ...filterOf(table.get('filter_policy')),
  })
}

function filterPolicyText(options: ResolvedTableLayout): string {
  const { bloomBitsPerKey: bits, filter, bloomBeforeLevel } = options
  if (bits === 0) return 'nullptr'
  return filter === 'ribbon'
    ? `ribbonfilter:${bits}:${bloomBeforeLevel}`
    : `bloomfilter:${bits}:false`
}

function filterOf(
  text: string | undefined,
): Pick<TableLayoutOptions, 'filter' | 'bloomBitsPerKey' | 'bloomBeforeLevel'> {
  if (text === undefined) return {}
  if (text === 'nullptr' || text === '') return { bloomBitsPerKey: 0 }
  const [kind, bits, level] = (structOf(text).get('id') ?? text).split(':')
  // Up to 6.29 the name of the policy says nothing of its size.
  const bloomBitsPerKey = numberOf(bits) ?? 10
  if (kind !== 'ribbonfilter') return { filter: 'bloom', bloomBitsPerKey }
  return { filter: 'ribbon', bloomBitsPerKey, bloomBeforeLevel: numberOf(level) ?? 0 }
}
