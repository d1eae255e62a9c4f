import type { ChangeRecord, KeyChange } from '../change.ts'
import { decodeStruct, decodeValue } from '../connect/column-value.ts'
import { asObject, type RawRecord } from '../connect/raw.ts'
import { RawMembers } from '../connect/raw-members.ts'
import { ChangeDecodeError } from '../errors.ts'
import type { ChangeDecoderOptions } from '../options.ts'
import { createStruct, type ColumnValue, type StructValue } from '../values/values.ts'
import { ROUTING_PREFIX } from '../shapes/routing.ts'
import { readPlanned, type RowPlans } from '../shapes/row-plans.ts'
import { headerValue } from './headers.ts'

/** A record's key. */
export interface RecordKey {
  readonly value: ColumnValue
  readonly keyChange: KeyChange | undefined
  readonly routingKey: StructValue | undefined
}

/** Decodes a key: a struct of columns, or a bare value that gets a name where one is known. */
export function decodeKey(
  record: ChangeRecord,
  key: RawRecord,
  options: ChangeDecoderOptions,
  plans: RowPlans,
): RecordKey {
  const { headers } = record
  const { schema, value: raw } = key
  if (
    (headers === undefined || headers.length === 0) &&
    raw instanceof RawMembers &&
    (schema === undefined || schema.type === 'struct')
  ) {
    // Nearly all keys: a struct and nothing else.
    const plan = plans.planOf(schema, raw.names, 'key')
    if (!plan.isRouted)
      return { value: readPlanned(plan, raw), keyChange: undefined, routingKey: undefined }
  }
  const old = headerValue(record, '__debezium.oldkey')
  const next = headerValue(record, '__debezium.newkey')
  const other = (raw: typeof old): ColumnValue | undefined =>
    raw === undefined ? undefined : strip(decodeHeaderKey(key, raw)).value
  const oldKey = other(old)
  const newKey = other(next)
  return {
    ...strip(decodeStructOrValue(key, key.value, 'key', options.keyColumns)),
    keyChange:
      oldKey === undefined && newKey === undefined
        ? undefined
        : {
            ...(oldKey === undefined ? {} : { oldKey }),
            ...(newKey === undefined ? {} : { newKey }),
          },
  }
}

/** Header converters spell values in their own ways: what the key's schema does not fit is what it looks like. */
function decodeHeaderKey(key: RawRecord, raw: RawRecord['value']): ColumnValue {
  try {
    return decodeStructOrValue(key, raw, 'key')
  } catch (error) {
    if (!(error instanceof ChangeDecodeError)) throw error
    return decodeStructOrValue({ schema: undefined, value: raw }, raw, 'key')
  }
}

function decodeStructOrValue(
  key: RawRecord,
  raw: RawRecord['value'],
  path: string,
  names: readonly string[] = [],
): ColumnValue {
  const object = asObject(raw)
  if (object !== undefined && (key.schema === undefined || key.schema.type === 'struct'))
    return decodeStruct(key.schema, object, path)
  const value = decodeValue(object === undefined ? key.schema : undefined, raw, path)
  if (value === null || names.length !== 1) return value
  const struct = createStruct()
  struct[names[0]!] = value
  return struct
}

/** Takes what routing added out of the key. */
function strip(key: ColumnValue): { value: ColumnValue; routingKey: StructValue | undefined } {
  if (!isStruct(key) || !Object.keys(key).some((name) => name.startsWith(ROUTING_PREFIX)))
    return { value: key, routingKey: undefined }
  const value = createStruct()
  const routingKey = createStruct()
  for (const [name, member] of Object.entries(key))
    (name.startsWith(ROUTING_PREFIX) ? routingKey : value)[name] = member
  return { value, routingKey }
}

/** Whether a value is a struct: the only objects without prototype. */
export function isStruct(value: ColumnValue): value is StructValue {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
}
