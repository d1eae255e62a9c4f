import type { ColumnDecoder } from '../column-hint.ts'
import { compileColumnReader, type ColumnReader } from '../connect/column-reader.ts'
import type { ConnectSchema } from '../connect/connect-schema.ts'
import type { MemberNames, RawMembers } from '../connect/raw-members.ts'

import { createStruct, type StructValue } from '../values/values.ts'
import { ROUTING_PREFIX } from './routing.ts'

/** Where a column stands in a raw row, and how to read it. */
interface PlannedColumn {
  readonly name: string
  readonly place: number
  readonly path: string
  readonly read: ColumnReader
}

/** How to decode rows of one schema whose members have the same names in the same order. */
export interface RowPlan {
  readonly schema: ConnectSchema | undefined
  readonly path: string
  readonly columns: readonly PlannedColumn[]
  /** Whether a member is one that routing added. */
  readonly isRouted: boolean
}

/** Decodes the members of a raw object by its plan. */
export function readPlanned({ columns }: RowPlan, object: RawMembers): StructValue {
  const struct = createStruct(columns.length)
  for (const { name, place, path, read } of columns) struct[name] = read(object.at(place), path)
  return struct
}

/** Plans for the same names: there are two in an envelope, and more only while a schema changes. */
const MAX_PLANS = 8

/** Plans of rows by what they look like, so that schemas and hints are looked at once and not for every row. */
export class RowPlans {
  readonly #hints: ReadonlyMap<string, ColumnDecoder>
  readonly #plans = new WeakMap<MemberNames, RowPlan[]>()
  readonly #readers = new WeakMap<ConnectSchema, ColumnReader>()

  /** `hints` go before what schemas say. */
  constructor(hints: ReadonlyMap<string, ColumnDecoder>) {
    this.#hints = hints
  }

  /** The plan for rows with these names. With a schema, its columns in its order, as far as they were sent; else the members. */
  planOf(schema: ConnectSchema | undefined, names: MemberNames, path: string): RowPlan {
    const known = this.#plans.get(names)
    if (known !== undefined)
      for (const plan of known) if (plan.schema === schema && plan.path === path) return plan
    const columns = this.#columns(schema, names, path)
    const isRouted = columns.some(({ name }) => name.startsWith(ROUTING_PREFIX))
    const plan = { schema, path, columns, isRouted }
    if (known === undefined) this.#plans.set(names, [plan])
    else if (known.push(plan) > MAX_PLANS) known.shift()
    return plan
  }

  #columns(
    schema: ConnectSchema | undefined,
    names: MemberNames,
    path: string,
  ): readonly PlannedColumn[] {
    if (schema === undefined)
      return names.list.map((name, place) => this.#column(name, place, undefined, path))
    return schema.fields.flatMap((field) => {
      const place = names.places.get(field.name)
      return place === undefined ? [] : [this.#column(field.name, place, field.schema, path)]
    })
  }

  #column(
    name: string,
    place: number,
    schema: ConnectSchema | undefined,
    path: string,
  ): PlannedColumn {
    const hint = this.#hints.get(name)
    return {
      name,
      place,
      path: `${path}.${name}`,
      read: hint === undefined ? this.#readerOf(schema) : (raw, inner) => hint.decode(raw, inner),
    }
  }

  #readerOf(schema: ConnectSchema | undefined): ColumnReader {
    if (schema === undefined) return compileColumnReader(undefined)
    let reader = this.#readers.get(schema)
    if (reader === undefined) {
      reader = compileColumnReader(schema)
      this.#readers.set(schema, reader)
    }
    return reader
  }
}
