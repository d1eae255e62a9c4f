import {
  ByteReader,
  ByteWriter,
  compareBytes,
  CorruptionError,
  readFixed32,
  readFixed64,
  readFixed64Big,
  utf8Bytes,
  utf8Text,
} from '@varve/base'

import { Block } from '../block/block.ts'
import { BlockBuilder } from '../block/block-builder.ts'
import { BlockCursor } from '../block/block-cursor.ts'
import type { IndexType } from '../table/table-format.ts'

/** What a table says about itself; property block `rocksdb.properties`. Absent numbers are 0, absent texts empty. */
export interface TableProperties {
  readonly dataSizeBytes: number
  readonly indexSizeBytes: number
  readonly filterSizeBytes: number
  readonly rawKeySizeBytes: number
  readonly rawValueSizeBytes: number
  readonly dataBlocks: number
  /** All entries, range deletions included. */
  readonly entries: number
  readonly filterEntries: number
  /** Deletions, single deletions and range deletions. */
  readonly deletedKeys: number
  readonly mergeOperands: number
  readonly rangeDeletions: number
  readonly columnFamilyId: number | undefined
  readonly columnFamilyName: string
  readonly comparatorName: string
  readonly mergeOperatorName: string
  readonly prefixExtractorName: string
  readonly filterPolicyName: string
  readonly compressionName: string
  readonly compressionOptions: string
  /** Unix seconds. */
  readonly creationTimeS: number
  readonly oldestKeyTimeS: number
  readonly fileCreationTimeS: number
  readonly dbId: string
  readonly sessionId: string
  readonly hostId: string
  readonly originalFileNumber: number
  readonly indexType: IndexType
  readonly indexKeyIsUserKey: boolean
  readonly indexValueIsDelta: boolean
  readonly wholeKeyFiltering: boolean
  readonly prefixFiltering: boolean
  /** Version of `SstFileWriter`'s form, absent in tables of a database. */
  readonly externalVersion: number | undefined
  readonly externalGlobalSequence: number | undefined
  /** Everything else, by name, as it stands. */
  readonly others: ReadonlyMap<string, Uint8Array>
}

/** Properties a writer sets; the constants of this package's form are added. @internal */
export type WrittenProperties = Omit<
  TableProperties,
  'columnFamilyId' | 'hostId' | 'externalVersion' | 'externalGlobalSequence'
> & {
  readonly formatVersion: number
  readonly columnFamilyId: number
  readonly external: boolean
  /** Of a two-level index; 0 otherwise. */
  readonly indexPartitions: number
  readonly topLevelIndexSizeBytes: number
  /** Names of those who collected `others`. */
  readonly collectors: readonly string[]
}

const P = 'rocksdb.'

/** Encodes the properties block: names ascending, numbers as varints, one restart. */
export function encodeProperties(p: WrittenProperties): Uint8Array {
  const values = new Map<string, Uint8Array>(p.others)
  const number = (name: string, value: number): void => {
    values.set(P + name, new ByteWriter(16).varint(value).toBytes())
  }
  const text = (name: string, value: string): void => {
    values.set(P + name, utf8Bytes(value))
  }
  const flag = (name: string, value: boolean): void => text(name, value ? '1' : '0')
  values.set(`${P}block.based.table.index.type`, new ByteWriter(16).fixed32(p.indexType).toBytes())
  flag('block.based.table.prefix.filtering', p.prefixFiltering)
  flag('block.based.table.whole.key.filtering', p.wholeKeyFiltering)
  number('column.family.id', p.columnFamilyId)
  text('column.family.name', p.columnFamilyName)
  text('comparator', p.comparatorName)
  text('compression', p.compressionName)
  text('compression_options', p.compressionOptions)
  text('creating.db.identity', p.dbId)
  text('creating.host.identity', '')
  text('creating.session.identity', p.sessionId)
  number('creation.time', p.creationTimeS)
  if (p.external) {
    values.set(`${P}external_sst_file.version`, new ByteWriter(16).fixed32(2).toBytes())
    values.set(`${P}external_sst_file.global_seqno`, new ByteWriter(16).fixed64(0).toBytes())
  }
  number('data.size', p.dataSizeBytes)
  number('deleted.keys', p.deletedKeys)
  if (p.fileCreationTimeS > 0) number('file.creation.time', p.fileCreationTimeS)
  if (p.filterPolicyName !== '') text('filter.policy', p.filterPolicyName)
  number('filter.size', p.filterSizeBytes)
  number('fixed.key.length', 0)
  // A leftover of another format until RocksDB 9 began to tell the footer's version here.
  number('format.version', p.formatVersion >= 6 ? p.formatVersion : 0)
  number('index.key.is.user.key', p.indexKeyIsUserKey ? 1 : 0)
  if (p.indexPartitions > 0) {
    number('index.partitions', p.indexPartitions)
    number('top-level.index.size', p.topLevelIndexSizeBytes)
  }
  number('index.size', p.indexSizeBytes)
  number('index.value.is.delta.encoded', p.indexValueIsDelta ? 1 : 0)
  number('merge.operands', p.mergeOperands)
  text('merge.operator', p.mergeOperatorName === '' ? 'nullptr' : p.mergeOperatorName)
  number('num.data.blocks', p.dataBlocks)
  number('num.entries', p.entries)
  number('num.filter_entries', p.filterEntries)
  number('num.range-deletions', p.rangeDeletions)
  number('oldest.key.time', p.oldestKeyTimeS)
  number('original.file.number', p.originalFileNumber)
  text('prefix.extractor.name', p.prefixExtractorName === '' ? 'nullptr' : p.prefixExtractorName)
  text('property.collectors', `[${p.collectors.join(',')}]`)
  number('raw.key.size', p.rawKeySizeBytes)
  number('raw.value.size', p.rawValueSizeBytes)
  const builder = new BlockBuilder(Number.POSITIVE_INFINITY)
  const encoded = [...values].map(([name, value]) => ({ name: utf8Bytes(name), value }))
  encoded.sort((a, b) => compareBytes(a.name, b.name))
  for (const { name, value } of encoded) builder.add(name, value)
  return new Uint8Array(builder.finish())
}

/**
 * Decodes a properties block.
 *
 * @throws CorruptionError when the block or one of the numbers that decide how the table is read is damaged
 */
export function decodeProperties(data: Uint8Array, file: string, offset: number): TableProperties {
  const values = new Map<string, Uint8Array>()
  const cursor = new BlockCursor()
  cursor.setBlock(new Block(data, file, offset))
  for (cursor.seekToFirst(); cursor.valid; cursor.next()) {
    values.set(utf8Text(cursor.key), new Uint8Array(cursor.value))
  }
  const take = (name: string): Uint8Array | undefined => {
    const value = values.get(P + name)
    values.delete(P + name)
    return value
  }
  const number = (name: string): number => {
    const value = take(name)
    if (value === undefined) return 0
    const big = new ByteReader(value, { file, offset }).varint64Big()
    return Number(big) // informational numbers may exceed 2^53: rounding does no harm
  }
  const text = (name: string): string => {
    const value = take(name)
    return value === undefined ? '' : utf8Text(value)
  }
  const fixed = (name: string, size: 4 | 8): number | undefined => {
    const value = take(name)
    if (value === undefined) return undefined
    if (value.length !== size) {
      throw new CorruptionError(`property "${P}${name}" has ${value.length} bytes`, {
        file,
        offset,
        expected: size,
        actual: value.length,
      })
    }
    if (size === 4) return readFixed32(value, 0)
    return readFixed64Big(value, 0) > BigInt(Number.MAX_SAFE_INTEGER)
      ? Number.POSITIVE_INFINITY
      : readFixed64(value, 0)
  }
  const familyId = values.has(`${P}column.family.id`) ? number('column.family.id') : undefined
  return {
    dataSizeBytes: number('data.size'),
    indexSizeBytes: number('index.size'),
    filterSizeBytes: number('filter.size'),
    rawKeySizeBytes: number('raw.key.size'),
    rawValueSizeBytes: number('raw.value.size'),
    dataBlocks: number('num.data.blocks'),
    entries: number('num.entries'),
    filterEntries: number('num.filter_entries'),
    deletedKeys: number('deleted.keys'),
    mergeOperands: number('merge.operands'),
    rangeDeletions: number('num.range-deletions'),
    // 0x7fffffff is "unknown", what tables made outside a database say.
    columnFamilyId: familyId === 0x7fffffff ? undefined : familyId,
    columnFamilyName: text('column.family.name'),
    comparatorName: text('comparator'),
    mergeOperatorName: text('merge.operator'),
    prefixExtractorName: text('prefix.extractor.name'),
    filterPolicyName: text('filter.policy'),
    compressionName: text('compression'),
    compressionOptions: text('compression_options'),
    creationTimeS: number('creation.time'),
    oldestKeyTimeS: number('oldest.key.time'),
    fileCreationTimeS: number('file.creation.time'),
    dbId: text('creating.db.identity'),
    sessionId: text('creating.session.identity'),
    hostId: text('creating.host.identity'),
    originalFileNumber: number('original.file.number'),
    indexType: (fixed('block.based.table.index.type', 4) ?? 0) as IndexType,
    indexKeyIsUserKey: number('index.key.is.user.key') !== 0,
    indexValueIsDelta: number('index.value.is.delta.encoded') !== 0,
    wholeKeyFiltering: text('block.based.table.whole.key.filtering') !== '0',
    prefixFiltering: text('block.based.table.prefix.filtering') === '1',
    externalVersion: fixed('external_sst_file.version', 4),
    externalGlobalSequence: fixed('external_sst_file.global_seqno', 8),
    others: values,
  }
}
