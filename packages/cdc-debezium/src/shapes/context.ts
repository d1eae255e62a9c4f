import type { ChangeRecord, ColumnInfo } from '../change.ts'
import type { ColumnDecoder } from '../column-hint.ts'
import type { ConnectSchema } from '../connect/connect-schema.ts'
import type { RawObject, RawRecord } from '../connect/raw.ts'
import type { ChangeDecoderOptions } from '../options.ts'
import type { RecordKey } from '../record/key.ts'
import type { UnavailableTest } from '../unavailable.ts'
import type { RowPlans } from './row-plans.ts'

/** All that a shape's decoder works with. */
export interface ShapeContext {
  readonly record: ChangeRecord
  readonly key: RecordKey
  /** The value, an object. */
  readonly value: RawObject
  readonly schema: RawRecord['schema']
  /** Whether the value's format does not tell null from zero. */
  readonly nullsMayBeZero: boolean
  readonly options: ChangeDecoderOptions
  readonly hints: ReadonlyMap<string, ColumnDecoder>
  readonly unavailable: UnavailableTest
  /** Answers of `columnsOf`. */
  readonly columnsBySchema: WeakMap<ConnectSchema, ReadonlyMap<string, ColumnInfo>>
  /** How rows that look alike are decoded. */
  readonly rowPlans: RowPlans
  /** Reads bytes behind a schema id that lie inside a value. */
  readFramed(bytes: Uint8Array): RawRecord
}
