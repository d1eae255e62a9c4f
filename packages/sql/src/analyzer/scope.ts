import { SqlTypes, type SqlType } from '@varve/serde'

import type { ColumnExpression, Expression } from '../ast/expression.ts'
import type { SourceNode } from '../ast/query.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { DataSource } from '../catalog/data-source.ts'
import { likeNamed } from '../catalog/like-named.ts'
import { SqlError } from '../errors.ts'
import { formatExpression, formatOperand } from '../formatter/format-expression.ts'
import { formatIdentifier, quoteIdentifierText } from '../formatter/format-identifier.ts'

/** Columns that every source has besides its own. */
export const pseudoColumnTypes: ReadonlyMap<string, SqlType> = new Map<string, SqlType>([
  ['ROWTIME', SqlTypes.BIGINT],
  ['ROWPARTITION', SqlTypes.INTEGER],
  ['ROWOFFSET', SqlTypes.BIGINT],
])

/** Columns that sources with windowed keys have besides. */
const windowBoundTypes: ReadonlyMap<string, SqlType> = new Map<string, SqlType>([
  ['WINDOWSTART', SqlTypes.BIGINT],
  ['WINDOWEND', SqlTypes.BIGINT],
])

/** Names that no column may have. */
export function isSystemColumn(name: string): boolean {
  return pseudoColumnTypes.has(name) || windowBoundTypes.has(name)
}

/** Type of a column with all headers. */
export const headersType: SqlType = {
  kind: 'ARRAY',
  element: {
    kind: 'STRUCT',
    fields: [
      { name: 'KEY', type: SqlTypes.STRING },
      { name: 'VALUE', type: SqlTypes.BYTES },
    ],
  },
}

/** A column of a source in scope. */
export interface ScopeColumn {
  readonly source: number
  readonly name: string
  readonly type: SqlType
  readonly kind: 'key' | 'value' | 'headers' | 'pseudo'
  /** Of a header column. */
  readonly headerKey?: string
}

/** A source of the query. */
export interface ScopeSource {
  readonly alias: string
  readonly definition: DataSource
  readonly columns: readonly ScopeColumn[]
  readonly node: SourceNode
}

/** A clause's name as messages begin with it. */
export type Clause = 'SELECT' | 'WHERE' | 'GROUP BY' | 'PARTITION BY' | 'HAVING' | 'JOIN ON'

/** The names a query can use. */
export class Scope {
  readonly sources: readonly ScopeSource[]

  constructor(sources: readonly ScopeSource[]) {
    this.sources = sources
  }

  get isJoin(): boolean {
    return this.sources.length > 1
  }

  /** @throws SqlError when there is no such column, or several */
  resolve(column: ColumnExpression, clause: Clause): ScopeColumn {
    const found = this.find(column)
    if (found.length === 1) return found[0]!
    const written =
      column.qualifier === undefined ? column.name : `${column.qualifier}.${column.name}`
    if (found.length > 1) {
      const choices = found.map((c) => `${this.sources[c.source]!.alias}.${c.name}`)
      throw new SqlError(`Column '${written}' is ambiguous. Could be ${choices.join(' or ')}.`, {
        span: column.span,
        phase: 'names',
        hint: 'Put the name of its source in front.',
      })
    }
    const { qualifier } = column
    if (
      clause === 'JOIN ON' &&
      qualifier !== undefined &&
      !this.sources.some((source) => source.alias === qualifier)
    ) {
      throw new SqlError(`'${qualifier}' is not a valid stream/table name or alias.`, {
        span: column.span,
        hint: this.#hintFor(column),
      })
    }
    throw new SqlError(`${clause} column '${written}' cannot be resolved.`, {
      span: column.span,
      hint: this.#hintFor(column),
    })
  }

  /** All columns that match. */
  find(column: ColumnExpression): readonly ScopeColumn[] {
    return this.sources
      .filter(
        (source) =>
          column.qualifier === undefined ||
          source.alias === column.qualifier ||
          (source.definition.name === column.qualifier && source.alias === source.definition.name),
      )
      .flatMap((source) => source.columns.filter((c) => c.name === column.name))
  }

  /** Whether any source has a column of that name. */
  hasColumn(name: string): boolean {
    return this.sources.some((source) => source.columns.some((c) => c.name === name))
  }

  /** A text that is equal for expressions that mean the same columns. */
  canonical(expression: Expression): string {
    return formatExpression(expression, {
      column: (column) => {
        const found = this.find(column)
        return found.length === 1
          ? canonicalColumn(found[0]!.source, found[0]!.name)
          : quoteIdentifierText(column.name)
      },
    })
  }

  /** An expression for messages: columns with their sources in front. */
  describe(expression: Expression): string {
    return formatExpression(expression, {
      message: true,
      column: (column) => {
        const [found] = this.find(column)
        return found === undefined
          ? formatExpression(column)
          : `${formatIdentifier(this.sources[found.source]!.alias)}.${formatIdentifier(found.name)}`
      },
    })
  }

  /** {@link describe}, in parentheses when it is compound. */
  describeOperand(expression: Expression): string {
    return formatOperand(expression, { column: (column) => this.describe(column) })
  }

  /** An expression on joined rows for messages: their columns are named `ALIAS_COLUMN`. */
  describeJoined(expression: Expression): string {
    return formatOperand(expression, {
      column: (column) => {
        const [found] = this.find(column)
        return found === undefined
          ? formatExpression(column)
          : formatIdentifier(`${this.sources[found.source]!.alias}_${found.name}`)
      },
    })
  }

  #hintFor(column: ColumnExpression): string | undefined {
    if (
      column.qualifier !== undefined &&
      !this.sources.some((source) => source.alias === column.qualifier)
    ) {
      return `The sources are ${this.sources.map((source) => source.alias).join(', ')}.`
    }
    const other = this.sources
      .flatMap((source) => source.columns)
      .find((c) => c.name.toUpperCase() === column.name.toUpperCase())
    return other === undefined
      ? undefined
      : `There is a column ${quoteIdentifierText(other.name)}: quote the name to keep its case.`
  }
}

/** {@link Scope.canonical} of a plain column. */
export function canonicalColumn(source: number, name: string): string {
  return `${source}.${quoteIdentifierText(name)}`
}

/** Looks the sources of a query up. @throws SqlError for a missing one, or one that occurs twice */
export function createScope(nodes: readonly SourceNode[], catalog: Catalog): Scope {
  const sources = nodes.map((node, index): ScopeSource => {
    const definition = catalog.source(node.name)
    if (definition === undefined) {
      const meant = likeNamed(node.name, catalog)
      throw new SqlError(`${node.name} does not exist.${meant}`, {
        span: node.span,
        hint: meant === '' ? 'SHOW STREAMS and SHOW TABLES list what there is.' : undefined,
      })
    }
    return { alias: node.alias, definition, columns: columnsOf(definition, index), node }
  })
  for (const [i, source] of sources.entries()) {
    const same = sources.findIndex((other) => other.definition.name === source.definition.name)
    if (same !== i) {
      throw new SqlError(
        nodes.length > 2
          ? `N-way joins do not support multiple occurrences of the same source. Source: '${source.definition.name}'.`
          : `Can not join '${source.definition.name}' to '${source.definition.name}': self joins are not yet supported.`,
        { span: source.node.span },
      )
    }
    if (sources.findIndex((other) => other.alias === source.alias) !== i) {
      throw new SqlError(`alias '${source.alias}' is used twice`, { span: source.node.span })
    }
  }
  return new Scope(sources)
}

function columnsOf(source: DataSource, index: number): ScopeColumn[] {
  const column = (name: string, type: SqlType, kind: ScopeColumn['kind']): ScopeColumn => ({
    source: index,
    name,
    type,
    kind,
  })
  return [
    ...source.keyColumns.map((c) => column(c.name, c.type, 'key')),
    ...source.valueColumns.map((c) => column(c.name, c.type, 'value')),
    ...source.headerColumns.map((c) =>
      c.headerKey === undefined
        ? column(c.name, headersType, 'headers')
        : { ...column(c.name, SqlTypes.BYTES, 'headers'), headerKey: c.headerKey },
    ),
    ...[...pseudoColumnTypes].map(([name, type]) => column(name, type, 'pseudo')),
    ...(source.window === undefined
      ? []
      : [...windowBoundTypes].map(([name, type]) => column(name, type, 'pseudo'))),
  ]
}
