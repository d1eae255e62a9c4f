import { UnsupportedError } from '@varve/base'

import type { Column, Columns } from './schema.ts'
import type { SqlType } from './sql-type.ts'

/** How to read a schema as columns. */
export interface ColumnInferenceOptions {
  readonly side: 'key' | 'value'
  /** False for a bare value. Keys are bare unless this is true. */
  readonly wrap?: boolean
  /** Keep the case of names (statements that give a schema id) instead of making them upper case. */
  readonly keepCase?: boolean
}

/** Columns of a schema. */
export interface InferredColumns {
  readonly columns: Columns
  /** Fields left out because no SQL type holds them, each with its path and reason. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
}

/** Why a wrapped side cannot be read from a schema that is no record, in the dialect's words. */
export const anonymousSchema: string =
  "Schema returned from schema registry is anonymous type. To use this schema with ksqlDB, set 'WRAP_SINGLE_VALUE=false' in the WITH clause properties."

/** What the inference of every format has in common: names, bare values, and a note of what was left out. */
export class ColumnCollector {
  readonly wrapped: boolean
  readonly columns: Column[] = []
  readonly #skipped: { path: string; reason: string }[] = []
  readonly #options: ColumnInferenceOptions

  constructor(options: ColumnInferenceOptions) {
    this.#options = options
    this.wrapped = options.wrap ?? options.side === 'value'
  }

  /** The one column of a bare value (ROWVAL) or key (ROWKEY). */
  bare(typeOf: (name: string) => SqlType | undefined): void {
    const name = this.#options.side === 'key' ? 'ROWKEY' : 'ROWVAL'
    const type = typeOf(name)
    if (type !== undefined) this.columns.push({ name, type })
  }

  /** A column's or field's name for one of the schema. */
  name(name: string): string {
    return this.#options.keepCase === true ? name : name.toUpperCase()
  }

  /** Notes that a field is left out. */
  skip(path: string, reason: string): undefined {
    this.#skipped.push({ path, reason })
    return undefined
  }

  /** @throws UnsupportedError when there is no column */
  finish(): InferredColumns {
    const first = this.#skipped[0]
    if (this.columns.length === 0)
      throw new UnsupportedError(
        `the schema has no supported columns${first === undefined ? '' : `: "${first.path}" ${first.reason}`}`,
      )
    return { columns: this.columns, skipped: this.#skipped }
  }
}
