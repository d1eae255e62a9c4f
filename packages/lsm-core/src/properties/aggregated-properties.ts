import type { FileMetadata } from '@varve/manifest'

import type { ColumnFamily } from '../column-family/column-family.ts'
import { propertiesOfTable } from './table-metadata.ts'

/** Sums over tables, under the names that RocksDB gives them in a map. */
export interface AggregatedProperties {
  readonly num_data_blocks: number
  readonly num_entries: number
  readonly num_deletions: number
  readonly num_merge_operands: number
  readonly num_range_deletions: number
  readonly raw_key_size: number
  readonly raw_value_size: number
  readonly data_size: number
  readonly index_size: number
  readonly filter_size: number
  readonly num_filter_entries: number
}

/** Sums the properties of tables; opens those that are not open. */
export function aggregate(
  family: ColumnFamily,
  files: readonly FileMetadata[],
): AggregatedProperties {
  const sums = {
    num_data_blocks: 0,
    num_entries: 0,
    num_deletions: 0,
    num_merge_operands: 0,
    num_range_deletions: 0,
    raw_key_size: 0,
    raw_value_size: 0,
    data_size: 0,
    index_size: 0,
    filter_size: 0,
    num_filter_entries: 0,
  }
  for (const file of files) {
    const one = propertiesOfTable(family, file)
    sums.num_data_blocks += one.dataBlocks
    sums.num_entries += one.entries
    sums.num_deletions += one.deletedKeys
    sums.num_merge_operands += one.mergeOperands
    sums.num_range_deletions += one.rangeDeletions
    sums.raw_key_size += one.rawKeySizeBytes
    sums.raw_value_size += one.rawValueSizeBytes
    sums.data_size += one.dataSizeBytes
    sums.index_size += one.indexSizeBytes
    sums.filter_size += one.filterSizeBytes
    sums.num_filter_entries += one.filterEntries
  }
  return sums
}

/** The sums in RocksDB's words. */
export function aggregatedText(sums: AggregatedProperties): string {
  const average = (sum: number): string =>
    (sums.num_entries === 0 ? 0 : sum / sums.num_entries).toFixed(6)
  const parts: readonly (readonly [string, number | string])[] = [
    ['# data blocks', sums.num_data_blocks],
    ['# entries', sums.num_entries],
    ['# deletions', sums.num_deletions],
    ['# merge operands', sums.num_merge_operands],
    ['# range deletions', sums.num_range_deletions],
    ['raw key size', sums.raw_key_size],
    ['raw average key size', average(sums.raw_key_size)],
    ['raw value size', sums.raw_value_size],
    ['raw average value size', average(sums.raw_value_size)],
    ['data block size', sums.data_size],
    ['index block size', sums.index_size],
    ['filter block size', sums.filter_size],
    ['# entries for filter', sums.num_filter_entries],
  ]
  return parts.map(([name, value]) => `${name}=${value}; `).join('')
}
