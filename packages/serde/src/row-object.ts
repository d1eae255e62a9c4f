import { SerializationError } from '@varve/base'

import type { Columns } from './schema.ts'
import type { SqlType } from './sql-type.ts'
import type { Row, Value } from './value.ts'

/** A row as an object. Structs are objects too, maps stay maps. */
export type RowObject = { [name: string]: unknown }

/** The row as an object with the columns' own names; `__proto__` and the like are ordinary members. */
export function rowToObject(columns: Columns, row: Row): RowObject {
  const object: RowObject = {}
  for (let i = 0; i < columns.length; i++) {
    const { name, type } = columns[i]!
    put(object, name, valueToObject(type, row[i] ?? null))
  }
  return object
}

function valueToObject(type: SqlType, value: Value): unknown {
  if (value === null) return null
  switch (type.kind) {
    case 'STRUCT':
      return rowToObject(type.fields, value as readonly Value[])
    case 'ARRAY':
      return (value as readonly Value[]).map((element) => valueToObject(type.element, element))
    case 'MAP': {
      const map = new Map<unknown, unknown>()
      for (const [key, member] of value as ReadonlyMap<Value, Value>)
        map.set(valueToObject(type.key, key), valueToObject(type.value, member))
      return map
    }
    default:
      return value
  }
}

function put(object: RowObject, name: string, value: unknown): void {
  // Assigning to `__proto__` would set the prototype instead of a member.
  if (name in Object.prototype)
    Object.defineProperty(object, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  else object[name] = value
}

/**
 * The row of an object: members by exact name, else by a name that is the column's in upper case; absent ones are null. Structs may be objects
 * or arrays, maps may be objects. Values themselves are not converted.
 *
 * @throws SerializationError when a member belongs to no column
 */
export function objectToRow(columns: Columns, object: { readonly [name: string]: unknown }): Row {
  const row: Value[] = columns.map(() => null)
  for (const [name, value] of Object.entries(object)) {
    let index = columns.findIndex((column) => column.name === name)
    if (index < 0) index = columns.findIndex((column) => column.name === name.toUpperCase())
    if (index < 0) throw new SerializationError(`there is no column "${name}"`)
    row[index] = objectToValue(columns[index]!.type, value)
  }
  return row
}

function objectToValue(type: SqlType, value: unknown): Value {
  if (value === null || value === undefined) return null
  switch (type.kind) {
    case 'STRUCT':
      return Array.isArray(value)
        ? type.fields.map((field, i) => objectToValue(field.type, value[i]))
        : (objectToRow(type.fields, value as { readonly [name: string]: unknown }) as Value)
    case 'ARRAY':
      return [...(value as Iterable<unknown>)].map((element) =>
        objectToValue(type.element, element),
      )
    case 'MAP': {
      const map = new Map<Value, Value>()
      const entries: Iterable<[unknown, unknown]> =
        value instanceof Map ? value : Object.entries(value as object)
      for (const [key, member] of entries)
        map.set(objectToValue(type.key, key), objectToValue(type.value, member))
      return map
    }
    default:
      return value as Value
  }
}
