import { join } from 'node:path'

import { utf8Bytes } from '@varve/base'
import {
  formatOptionsFile,
  optionsFileName,
  parseFileName,
  type FamilyOptionsSection,
  type VersionSet,
} from '@varve/manifest'
import type { FileSystem } from '@varve/vfs'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { CompressionName } from '../options/column-family-options.ts'

const compressions: Readonly<Record<CompressionName, string>> = {
  none: 'kNoCompression',
  snappy: 'kSnappyCompression',
  lz4: 'kLZ4Compression',
  zstd: 'kZSTD',
  zlib: 'kZlibCompression',
}

/**
 * Text of the OPTIONS file: only names that RocksDB 7.8 and its successors know, because an unknown one stops `ldb`.
 */
function optionsFileText(
  families: Iterable<ColumnFamily>,
  walDirectory: string | undefined,
): string {
  const sections = [...families].sort((a, b) => a.id - b.id).map(sectionOf)
  return formatOptionsFile({
    version: new Map([
      ['rocksdb_version', '7.8.3'],
      ['options_file_version', '1.1'],
    ]),
    database: new Map([
      ['create_if_missing', 'true'],
      ...(walDirectory === undefined ? [] : [['wal_dir', walDirectory] as const]),
    ]),
    families: sections,
  })
}

function sectionOf({ name, options }: ColumnFamily): FamilyOptionsSection {
  return {
    name,
    options: new Map([
      ['comparator', options.comparator.name],
      ['merge_operator', mergeOperatorText(options.mergeOperator)],
      ['compression', compressions[options.compression]],
      ['compaction_style', 'kCompactionStyleLevel'],
      ['write_buffer_size', String(options.writeBufferSizeBytes)],
      ['max_write_buffer_number', String(options.maxWriteBufferNumber)],
      ['level0_file_num_compaction_trigger', String(options.level0FileNumCompactionTrigger)],
      ['level0_slowdown_writes_trigger', String(options.level0SlowdownWritesTrigger)],
      ['level0_stop_writes_trigger', String(options.level0StopWritesTrigger)],
      ['max_bytes_for_level_base', String(options.maxBytesForLevelBase)],
      ['target_file_size_base', String(options.targetFileSizeBaseBytes)],
    ]),
    table: new Map([
      ['format_version', '5'],
      ['block_size', String(options.blockSizeBytes)],
      ['checksum', options.checksum === 'xxh3' ? 'kXXH3' : 'kCRC32c'],
      [
        'filter_policy',
        options.bloomBitsPerKey > 0 ? `bloomfilter:${options.bloomBitsPerKey}:false` : 'nullptr',
      ],
    ]),
  }
}

function mergeOperatorText(operator: string | undefined): string {
  if (operator === undefined) return 'nullptr'
  if (operator === 'uint64add') return 'UInt64AddOperator'
  const delimiter = operator.startsWith('stringappend=')
    ? operator.slice('stringappend='.length)
    : ','
  return `{id=StringAppendOperator;delimiter=${delimiter.replace(/[\\#:=;{}]/g, '\\$&')};}`
}

/** What {@link writeOptionsFile} needs of a database. */
export interface OptionsFileTarget {
  readonly directory: string
  readonly walDirectory: string
  readonly fileSystem: FileSystem
  readonly versions: VersionSet
  readonly families: ReadonlyMap<number, ColumnFamily>
}

/** Writes the options of all families under a new number and removes all but the two newest such files. */
export async function writeOptionsFile(target: OptionsFileTarget): Promise<void> {
  const { directory, walDirectory, fileSystem, versions } = target
  const number = versions.newFileNumber()
  await fileSystem.writeFileAtomic(
    join(directory, optionsFileName(number)),
    utf8Bytes(
      optionsFileText(
        target.families.values(),
        walDirectory === directory ? undefined : walDirectory,
      ),
    ),
  )
  const numbers: number[] = []
  for (const name of await fileSystem.list(directory)) {
    const parsed = parseFileName(name)
    if (parsed?.type === 'options') numbers.push(parsed.number)
  }
  numbers.sort((a, b) => b - a)
  for (const old of numbers.slice(2)) await fileSystem.remove(join(directory, optionsFileName(old)))
}
