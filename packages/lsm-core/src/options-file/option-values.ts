import { parseOptionStruct } from '@varve/manifest'

/** Names of enumerated values here and in OPTIONS files. */
export type NameTable<T extends string> = Readonly<Record<T, string>>

/** The value that stands for `text`, undefined when it is none of the table's. */
export function valueNamed<T extends string>(
  table: NameTable<T>,
  text: string | undefined,
): T | undefined {
  for (const [value, name] of Object.entries(table) as [T, string][])
    if (name === text) return value
  return undefined
}

/** A number as it is, or the one that a text of an OPTIONS file is; undefined for anything else. */
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^-?\d+(\.\d+)?$/.test(text)) return undefined
  return Number(text)
}

/** A number that no one can mean, such as 2^64 - 1 for "unset", is undefined, too. */
export function sizeOf(text: string | undefined): number | undefined {
  const value = numberOf(text)
  return value === undefined || !Number.isSafeInteger(value) || value < 0 ? undefined : value
}

/** A size within bounds: what lies outside, such as a trigger that never is reached, takes the nearer one. */
export function sizeWithin(text: string | undefined, min: number, max: number): number | undefined {
  const value = numberOf(text)
  return value === undefined ? undefined : Math.min(max, Math.max(min, Math.round(value)))
}

/** `true`/`1`, `false`/`0`. */
export function booleanOf(text: string | undefined): boolean | undefined {
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  return undefined
}

/** Numbers between colons, `1:1:2`. */
export function numbersOf(text: string | undefined): number[] | undefined {
  if (text === undefined || text === '') return undefined
  const numbers = text.split(':').map(numberOf)
  return numbers.every((number) => number !== undefined) ? numbers : undefined
}

/** Fields of a struct; an empty map for any other text. */
export function structOf(text: string | undefined): ReadonlyMap<string, string> {
  return (text === undefined ? undefined : parseOptionStruct(text)) ?? new Map()
}

/** Drops fields that are undefined; all fields of `T` are optional. */
export function defined<T extends object>(fields: {
  readonly [K in keyof T]: T[K] | undefined
}): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}
