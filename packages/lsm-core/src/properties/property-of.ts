import type { FileMetadata } from '@varve/manifest'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Database } from '../db/database.ts'
import { aggregate, aggregatedText } from './aggregated-properties.ts'
import { intProperties } from './int-properties.ts'
import { compactionRows, familyStatsText, levelStatsText, tablesText } from './level-texts.ts'

const prefix = 'rocksdb.'

/** Number of a property by RocksDB's name, undefined for names that are not of numbers. */
export function intPropertyOf(
  db: Database,
  family: ColumnFamily,
  name: string,
): number | undefined {
  if (!name.startsWith(prefix)) return undefined
  return intProperties.get(name.slice(prefix.length))?.(db, family)
}

/** {@link intPropertyOf} summed over all families. */
export function summedIntPropertyOf(db: Database, name: string): number | undefined {
  let sum = 0
  for (const family of db.families.values()) {
    const value = intPropertyOf(db, family, name)
    if (value === undefined) return undefined
    sum += value
  }
  return sum
}

/** A property by RocksDB's name, numbers as text, undefined for names that are not known. */
export function propertyOf(db: Database, family: ColumnFamily, name: string): string | undefined {
  const number = intPropertyOf(db, family, name)
  if (number !== undefined) return String(number)
  const { levels } = family.superVersion.version
  const atLevel = /^rocksdb\.([a-z-]+)-at-level(\d{1,3})$/.exec(name)
  if (atLevel !== null) {
    const files = levels[Number(atLevel[2])]
    return files === undefined ? undefined : atLevelText(family, atLevel[1]!, files)
  }
  switch (name) {
    case 'rocksdb.stats':
      return [...db.families.values()]
        .map((one) => familyStatsText(db, one))
        .concat(databaseStatsText(db))
        .join('\n')
    case 'rocksdb.cfstats':
    case 'rocksdb.cfstats-no-file-histogram':
      return familyStatsText(db, family)
    case 'rocksdb.dbstats':
      return databaseStatsText(db)
    case 'rocksdb.levelstats':
      return levelStatsText(family)
    case 'rocksdb.sstables':
      return tablesText(family)
    case 'rocksdb.aggregated-table-properties':
      return aggregatedText(aggregate(family, levels.flat()))
    case 'rocksdb.options-statistics':
      return db.options.statistics?.toString() ?? ''
    // The greatest number: every table that is obsolete may go.
    case 'rocksdb.min-obsolete-sst-number-to-keep':
      return '18446744073709551615'
    default:
      return undefined
  }
}

/** A property of several values by RocksDB's name, undefined for names that are not of such. */
export function mapPropertyOf(
  db: Database,
  family: ColumnFamily,
  name: string,
): Readonly<Record<string, string>> | undefined {
  const { levels } = family.superVersion.version
  const atLevel = /^rocksdb\.aggregated-table-properties-at-level(\d{1,3})$/.exec(name)
  const files = atLevel === null ? levels.flat() : levels[Number(atLevel[1])]
  if (atLevel !== null || name === 'rocksdb.aggregated-table-properties') {
    if (files === undefined) return undefined
    const sums = Object.entries(aggregate(family, files))
    return Object.fromEntries(sums.map(([key, value]) => [key, String(value)]))
  }
  if (name === 'rocksdb.cfstats') {
    const values: Record<string, string> = {}
    for (const row of compactionRows(db, family))
      for (const [column, value] of row.values) values[`compaction.${row.name}.${column}`] = value
    return values
  }
  if (name === 'rocksdb.dbstats') return Object.fromEntries(databaseStats(db))
  return undefined
}

function atLevelText(
  family: ColumnFamily,
  what: string,
  files: readonly FileMetadata[],
): string | undefined {
  switch (what) {
    case 'num-files':
      return String(files.length)
    case 'compression-ratio': {
      const { raw_key_size, raw_value_size, data_size } = aggregate(family, files)
      return data_size === 0 ? '-1' : ((raw_key_size + raw_value_size) / data_size).toFixed(6)
    }
    case 'aggregated-table-properties':
      return aggregatedText(aggregate(family, files))
    default:
      return undefined
  }
}

function databaseStats(db: Database): [string, string][] {
  const { stats } = db.background
  const numbers: readonly (readonly [string, number])[] = [
    ['flushes', stats.flushes],
    ['flushed bytes', stats.bytesFlushed],
    ['compactions', stats.compactions],
    ['compacted bytes', stats.bytesCompacted],
    ['trivial moves', stats.trivialMoves],
    ['live log bytes', db.wals.totalSizeBytes],
    ['last sequence number', db.versions.lastSequence],
  ]
  return numbers.map(([name, value]) => [name, String(value)])
}

function databaseStatsText(db: Database): string {
  const lines = databaseStats(db).map(([name, value]) => `${name}: ${value}`)
  return `** DB Stats **\n${lines.join('\n')}\n`
}
