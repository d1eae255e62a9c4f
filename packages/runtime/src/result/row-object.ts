import type { SqlType, Value } from '@varve/serde'

import { mapKeyText } from './json-text.ts'
import type { ResultColumn } from '../engine/query-types.ts'

/** Turns the values of a row into the object a caller sees. */
export type RowShaper = (values: readonly Value[]) => Record<string, unknown>

/**
 * A shaper for rows of these columns.
 *
 * Members are own data properties with the columns' names, `__proto__` included, in column order. A name that was folded to upper case
 * is also readable in lower case (`row.sensor` for SENSOR), through a property that is not enumerable, so it appears in no listing,
 * comparison or JSON. STRUCT becomes such an object too, MAP with STRING keys a `Map`; other values are as {@link Value} describes.
 */
export function createRowShaper(
  columns: readonly Pick<ResultColumn, 'name' | 'type'>[],
): RowShaper {
  const names = columns.map((column) => column.name)
  const shapes = columns.map((column) => valueShaper(column.type))
  const aliases = lowerCaseAliases(names)
  return (values) => {
    const row: Record<string, unknown> = {}
    for (let i = 0; i < names.length; i++) {
      const value = values[i] ?? null
      const shape = shapes[i]
      define(row, names[i]!, value === null || shape === undefined ? value : shape(value), true)
    }
    for (const [alias, i] of aliases) define(row, alias, row[names[i]!], false)
    return row
  }
}

/** Names that read in lower case: folded ones, unless another column or a member of every object has that name. */
function lowerCaseAliases(names: readonly string[]): readonly (readonly [string, number])[] {
  const taken = new Set(names)
  const aliases: [string, number][] = []
  names.forEach((name, i) => {
    const alias = name.toLowerCase()
    if (
      name !== name.toUpperCase() ||
      alias === name ||
      taken.has(alias) ||
      alias in Object.prototype
    )
      return
    taken.add(alias)
    aliases.push([alias, i])
  })
  return aliases
}

function define(row: object, name: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(row, name, { value, enumerable, writable: true, configurable: true })
}

/** Turns a value into what a caller sees; `undefined` where it is handed out as it is. */
export function valueShaper(type: SqlType): ((value: Value) => unknown) | undefined {
  switch (type.kind) {
    case 'STRUCT': {
      const shape = createRowShaper(type.fields)
      return (value) => shape(value as readonly Value[])
    }
    case 'ARRAY': {
      const element = valueShaper(type.element)
      if (element === undefined) return undefined
      return (value) =>
        (value as readonly Value[]).map((item) => (item === null ? null : element(item)))
    }
    case 'MAP': {
      const item = valueShaper(type.value)
      return (value) =>
        new Map(
          Array.from(value as ReadonlyMap<Value, Value>, ([k, v]) => [
            mapKeyText(type.key, k),
            v === null || item === undefined ? v : item(v),
          ]),
        )
    }
    default:
      return undefined
  }
}
