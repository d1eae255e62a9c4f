import { crc32c, utf8Bytes, type Comparator } from '@varve/base'

import { compressionOptionsProperty } from '../meta/compression-property.ts'
import type { WrittenProperties } from '../meta/properties.ts'
import type { TablePropertyCollector } from './property-collector.ts'
import type { ResolvedTableOptions } from './table-options.ts'

/** Properties that are known before the first entry. */
type OriginProperties = Pick<
  WrittenProperties,
  | 'formatVersion'
  | 'columnFamilyId'
  | 'columnFamilyName'
  | 'comparatorName'
  | 'mergeOperatorName'
  | 'prefixExtractorName'
  | 'filterPolicyName'
  | 'wholeKeyFiltering'
  | 'prefixFiltering'
  | 'compressionOptions'
  | 'creationTimeS'
  | 'oldestKeyTimeS'
  | 'fileCreationTimeS'
  | 'dbId'
  | 'sessionId'
  | 'originalFileNumber'
  | 'indexType'
  | 'external'
>

/** Where a table comes from; written into its properties. */
export interface TableOrigin {
  readonly comparator: Comparator
  readonly columnFamilyId: number
  readonly columnFamilyName: string
  /** Number of the file; with `dbId` and `sessionId` it makes the unique id. */
  readonly fileNumber: number
  readonly dbId?: string
  readonly sessionId?: string
  /** Absent: the family has none. */
  readonly mergeOperatorName?: string
  /** Unix seconds of the oldest ancestor's data, 0 unknown. */
  readonly creationTimeS?: number
  readonly oldestKeyTimeS?: number
  /** Unix seconds when this file is made, 0 unknown. */
  readonly fileCreationTimeS?: number
  /** Made outside a database: all sequence numbers are 0, and a database that takes it in decides what they stand for. */
  readonly external?: boolean
  /** Gather properties of their own; used up by the table. */
  readonly propertyCollectors?: readonly TablePropertyCollector[]
}

/** Ties the checksums of a table to it: other tables have other numbers, the same table written again the same. */
export function baseContextChecksumOf({
  dbId = '',
  sessionId = '',
  fileNumber,
}: TableOrigin): number {
  return (crc32c(utf8Bytes(`${dbId} ${sessionId} ${fileNumber}`)) | 1) >>> 0
}

/** What the properties of a table say of its origin and of the options it is written with. */
export function originProperties(
  origin: TableOrigin,
  options: ResolvedTableOptions,
  hasFilter: boolean,
): OriginProperties {
  return {
    formatVersion: options.formatVersion,
    columnFamilyId: origin.columnFamilyId,
    columnFamilyName: origin.columnFamilyName,
    comparatorName: origin.comparator.name,
    mergeOperatorName: origin.mergeOperatorName ?? '',
    prefixExtractorName: options.prefixExtractor ?? '',
    filterPolicyName: !hasFilter
      ? ''
      : options.filter === 'ribbon'
        ? 'ribbonfilter'
        : 'bloomfilter',
    wholeKeyFiltering: options.wholeKeyFiltering,
    prefixFiltering: options.prefixExtractor !== undefined,
    compressionOptions: compressionOptionsProperty(options),
    creationTimeS: origin.creationTimeS ?? 0,
    oldestKeyTimeS: origin.oldestKeyTimeS ?? 0,
    fileCreationTimeS: origin.fileCreationTimeS ?? 0,
    dbId: origin.dbId ?? '',
    sessionId: origin.sessionId ?? '',
    originalFileNumber: origin.fileNumber,
    indexType: options.indexType,
    external: origin.external ?? false,
  }
}
