import type { SqlType } from '@varve/serde'

import type { ConnectData } from '../connect/connect-data.ts'
import type { ConnectSchema } from '../connect/connect-schema.ts'
import type { ColumnValue } from '../values/values.ts'

/** A semantic type: what a value of its base type means. */
export interface LogicalType {
  /** Connect base type, for hints that give only the name. */
  readonly base: ConnectSchema
  /** SQL type of a column, or undefined when none holds all values. */
  sqlType(schema: ConnectSchema): SqlType
  /** `data` is not null. @throws ChangeDecodeError `invalid-value` */
  decode(data: ConnectData, schema: ConnectSchema, path: string): ColumnValue
}
