import type { SqlType } from '@varve/serde'

import type { ConnectData } from '../connect/connect-data.ts'
import type { ConnectSchema } from '../connect/connect-schema.ts'
import type { Raw } from '../connect/raw.ts'
import type { ColumnValue } from '../values/values.ts'

/** A semantic type: what a value of its base type means. */
export interface LogicalType {
  /** Connect base type, for hints that give only the name. */
  readonly base: ConnectSchema
  /** SQL type of a column, or undefined when none holds all values. */
  sqlType(schema: ConnectSchema): SqlType
  /** `data` is not null. @throws ChangeDecodeError `invalid-value` */
  decode(data: ConnectData, schema: ConnectSchema, path: string): ColumnValue
  /**
   * Decoder of what converters write for nearly all values of such a column, straight from the raw value. It gives the same as {@link decode}, or
   * undefined for raw values that it leaves to it. (Hot.)
   */
  short?(schema: ConnectSchema): (raw: Raw) => ColumnValue | undefined
}
