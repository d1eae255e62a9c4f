import { userKeyOf, utf8Text } from '@varve/base'

import {
  noCompactionStats,
  type LevelCompactionCounters,
  type LevelCompactionStats,
} from '../background/compaction-stats.ts'
import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Database } from '../db/database.ts'

const MiB = 1 << 20
const GiB = 1024 * MiB

/** `rocksdb.levelstats`. */
export function levelStatsText({ superVersion }: ColumnFamily): string {
  const lines = ['Level Files Size(MB)', '--------------------']
  for (const [level, files] of superVersion.version.levels.entries()) {
    const megabytes = superVersion.version.levelSizeBytes(level) / MiB
    lines.push(
      `${String(level).padStart(3)} ${String(files.length).padStart(8)} ${megabytes.toFixed(0).padStart(8)}`,
    )
  }
  return `${lines.join('\n')}\n`
}

/** `rocksdb.sstables`: every table with its size, sequence numbers and keys. */
export function tablesText({ superVersion }: ColumnFamily): string {
  const lines: string[] = []
  for (const [level, files] of superVersion.version.levels.entries()) {
    lines.push(`--- level ${level} ---`)
    for (const file of files) {
      lines.push(
        ` ${file.number}:${file.fileSizeBytes}[${file.smallestSequence} .. ${file.largestSequence}]` +
          `[${keyText(file.smallest)} .. ${keyText(file.largest)}]`,
      )
    }
  }
  return `${lines.join('\n')}\n`
}

function keyText(internalKey: Uint8Array): string {
  return JSON.stringify(utf8Text(userKeyOf(internalKey)))
}

const columns = [
  'Level',
  'Files',
  'Size(MB)',
  'Score',
  'Read(GB)',
  'Rn(GB)',
  'Rnp1(GB)',
  'Write(GB)',
  'Moved(GB)',
  'W-Amp',
  'Rd(MB/s)',
  'Wr(MB/s)',
  'Comp(sec)',
  'Comp(cnt)',
  'KeyIn',
  'KeyDrop',
] as const

/** What flushes and compactions into each level have done, one row a level that has tables or work, and a sum. */
export function compactionRows(
  db: Database,
  family: ColumnFamily,
): { readonly name: string; readonly values: ReadonlyMap<string, string> }[] {
  const { version } = family.superVersion
  const compactions = db.background.compactionsOf(family)
  const scores = new Map(
    family.compactionPicker
      .scores(compactions.pickInput)
      .map(({ level, score }) => [level, score] as const),
  )
  const sum: LevelCompactionCounters = { ...noCompactionStats }
  const rows: { name: string; values: ReadonlyMap<string, string> }[] = []
  let files = 0
  let bytes = 0
  for (const [level, stats] of compactions.stats.levels.entries()) {
    const count = version.levels[level]?.length ?? 0
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += stats[name]
    files += count
    bytes += version.levelSizeBytes(level)
    if (count === 0 && stats.jobs + stats.moves === 0) continue
    const size = version.levelSizeBytes(level)
    rows.push({ name: `L${level}`, values: row(stats, count, size, scores.get(level) ?? 0) })
  }
  rows.push({
    name: 'Sum',
    values: row(sum, files, bytes, 0, compactions.stats.writeAmplification),
  })
  return rows
}

function row(
  stats: LevelCompactionStats,
  files: number,
  sizeBytes: number,
  score: number,
  writeAmplification?: number,
): ReadonlyMap<string, string> {
  const read = stats.bytesReadFromAbove + stats.bytesReadFromLevel
  const seconds = stats.durationMs / 1000
  const rate = (bytes: number): string => (seconds === 0 ? 0 : bytes / MiB / seconds).toFixed(1)
  const giga = (value: number): string => (value / GiB).toFixed(3)
  const above = stats.bytesReadFromAbove
  const amplification = writeAmplification ?? (above === 0 ? 1 : stats.bytesWritten / above)
  return new Map<string, string>([
    ['Files', String(files)],
    ['Size(MB)', (sizeBytes / MiB).toFixed(2)],
    ['Score', score.toFixed(2)],
    ['Read(GB)', giga(read)],
    ['Rn(GB)', giga(above)],
    ['Rnp1(GB)', giga(stats.bytesReadFromLevel)],
    ['Write(GB)', giga(stats.bytesWritten)],
    ['Moved(GB)', giga(stats.bytesMoved)],
    [
      'W-Amp',
      (stats.jobs === 0 && writeAmplification === undefined ? 0 : amplification).toFixed(1),
    ],
    ['Rd(MB/s)', rate(read)],
    ['Wr(MB/s)', rate(stats.bytesWritten)],
    ['Comp(sec)', seconds.toFixed(2)],
    ['Comp(cnt)', String(stats.jobs)],
    ['KeyIn', String(stats.entriesRead)],
    ['KeyDrop', String(stats.entriesDropped)],
  ])
}

/** `rocksdb.cfstats`. */
export function familyStatsText(db: Database, family: ColumnFamily): string {
  const rows = compactionRows(db, family).map(({ name, values }) =>
    columns.map((column) => (column === 'Level' ? name : values.get(column)!)),
  )
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...rows.map((cells) => cells[i]!.length)),
  )
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => cell.padStart(widths[i]!)).join(' ')
  return [
    `** Compaction Stats [${family.name}] **`,
    line(columns),
    '-'.repeat(widths.reduce((a, b) => a + b + 1, -1)),
    ...rows.map(line),
    '',
  ].join('\n')
}
