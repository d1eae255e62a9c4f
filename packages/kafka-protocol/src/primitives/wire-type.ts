import { CorruptionError, UnsupportedError } from '@varve/base'

import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** How a value lies on the wire in each version of its message; one description serves both directions. */
export interface WireType<T> {
  readonly write: (writer: WireWriter, value: T, version: number) => void
  readonly read: (reader: WireReader, version: number) => T
}

const nonNull = <T>(value: T | null, what: string, reader: WireReader): T => {
  if (value === null) throw new CorruptionError(`null ${what} before byte ${reader.position}`)
  return value
}

export const int8: WireType<number> = { write: (w, v) => w.int8(v), read: (r) => r.int8() }
export const int16: WireType<number> = { write: (w, v) => w.int16(v), read: (r) => r.int16() }
export const int32: WireType<number> = { write: (w, v) => w.int32(v), read: (r) => r.int32() }
export const int64: WireType<number> = { write: (w, v) => w.int64(v), read: (r) => r.int64() }

export const boolean: WireType<boolean> = {
  write: (w, v) => w.int8(v ? 1 : 0),
  read: (r) => r.int8() !== 0,
}

export const nullableString: WireType<string | null> = {
  write: (w, v) => w.string(v),
  read: (r) => r.string(),
}

export const string: WireType<string> = {
  write: (w, v) => w.string(v),
  read: (r) => nonNull(r.string(), 'string', r),
}

export const bytes: WireType<Uint8Array> = {
  write: (w, v) => w.bytes(v),
  read: (r) => nonNull(r.bytes(), 'byte array', r),
}

/** Written as it is; null reads as empty. */
export const records: WireType<Uint8Array> = {
  write: (w, v) => w.bytes(v),
  read: (r) => r.bytes() ?? new Uint8Array(0),
}

export function nullableArray<T>(element: WireType<T>): WireType<readonly T[] | null> {
  return {
    write(writer, value, version) {
      writer.arrayLength(value === null ? -1 : value.length)
      if (value !== null) for (const item of value) element.write(writer, item, version)
    },
    read(reader, version) {
      const count = reader.arrayLength()
      if (count < 0) return null
      const items: T[] = []
      for (let index = 0; index < count; index++) items.push(element.read(reader, version))
      return items
    },
  }
}

/** Null reads as empty. */
export function array<T>(element: WireType<T>): WireType<readonly T[]> {
  const nullable = nullableArray(element)
  return {
    write: (w, value, version) => nullable.write(w, value, version),
    read: (r, version) => nullable.read(r, version) ?? [],
  }
}

/** A field that is on the wire from one version on, perhaps until another; elsewhere it reads as `absent`. */
export interface VersionRange {
  readonly since?: number
  readonly until?: number
  /** Whether a version without the field may drop a value other than `absent`. Default: refuse. */
  readonly ignorable?: boolean
}

/** Restricts a field to versions. */
export function inVersions<T>(
  range: VersionRange,
  type: WireType<T>,
  absent: NoInfer<T>,
): WireType<T> {
  const { since = 0, until = Infinity, ignorable = false } = range
  return {
    write(writer, value, version) {
      if (version >= since && version <= until) type.write(writer, value, version)
      else if (!ignorable && value !== absent) {
        throw new UnsupportedError(
          `a value that version ${version} of the request has no field for: ${JSON.stringify(value)}`,
        )
      }
    },
    read(reader, version) {
      return version >= since && version <= until ? type.read(reader, version) : absent
    },
  }
}

/** A field on the wire that decoded messages leave out: written as `value`, skipped when read. Its name begins with `$`. */
export function hidden<T>(
  type: WireType<T>,
  value: NoInfer<T>,
  range: VersionRange = {},
): WireType<undefined> {
  const { since = 0, until = Infinity } = range
  return {
    write(writer, _value, version) {
      if (version >= since && version <= until) type.write(writer, value, version)
    },
    read(reader, version) {
      if (version >= since && version <= until) type.read(reader, version)
      return undefined
    },
  }
}

/** The fields of a structure without the {@link hidden} ones. */
export type Visible<T> = {
  readonly [K in keyof T as K extends `$${string}` ? never : K]: T[K]
}

/** A structure: its fields in the order given, and in flexible versions a tag section, written empty and skipped. */
export function struct<T extends object>(fields: {
  readonly [K in keyof T]: WireType<T[K]>
}): WireType<Visible<T>> {
  const entries = Object.entries(fields) as [string, WireType<unknown>][]
  return {
    write(writer, value, version) {
      for (const [name, field] of entries) {
        field.write(writer, (value as Record<string, unknown>)[name], version)
      }
      if (writer.flexible) writer.unsignedVarint(0)
    },
    read(reader, version) {
      const value: Record<string, unknown> = {}
      for (const [name, field] of entries) {
        const read = field.read(reader, version)
        if (!name.startsWith('$')) value[name] = read
      }
      if (reader.flexible) reader.skipTags()
      return value as Visible<T>
    },
  }
}
