import { formatSqlType, type Columns } from '@varve/serde'
import type { DataSource } from '@varve/sql'

import type { Metastore } from '../catalog/metastore.ts'
import { EngineError } from '../engine/engine-error.ts'

/** @throws EngineError when the name is taken, and OR REPLACE does not allow to take it over */
export function checkNameFree(source: DataSource, orReplace: boolean, metastore: Metastore): void {
  const existing = metastore.source(source.name)
  if (existing === undefined) return
  if (!orReplace || existing.kind !== source.kind) {
    throw new EngineError('statement', nameTaken(source, existing))
  }
  const problem = replacementProblem(existing, source)
  if (problem !== undefined) {
    throw new EngineError('statement', `Cannot upgrade data source: ${problem}`)
  }
}

/** Says that a source cannot be added because of another one of its name. */
export function nameTaken(source: DataSource, existing: DataSource): string {
  const [what, other] = [source.kind.toLowerCase(), existing.kind.toLowerCase()]
  return `Cannot add ${what} ${source.name}: A ${other} with the same name already exists.`
}

/** A replacement keeps the key and all value columns, in order; it may add value columns at the end. */
function replacementProblem(old: DataSource, next: DataSource): string | undefined {
  if (old.isSource || next.isSource) return 'a SOURCE stream or table cannot be replaced'
  const refuse = (property: string, textOf: (source: DataSource) => string, why = ''): string =>
    `DataSource '${old.name}' has ${property} = ${textOf(old)} which is not upgradeable to ${textOf(next)}${why}`
  if (old.topic !== next.topic) return refuse('topic', (source) => source.topic)
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
  for (const side of ['key', 'value'] as const) {
    const columns = old[`${side}Columns`]
    const others = next[`${side}Columns`]
    const changed = columns.filter((column, i) => !same(column, others[i]))
    if (changed.length === 0 && (side === 'value' || columns.length === others.length)) continue
    const [word, suffix] = side === 'key' ? ['key columns', ' KEY'] : ['columns', '']
    const list = (changed.length === 0 ? others.slice(columns.length) : changed)
      .map((column) => columnText(column, suffix))
      .join(', ')
    return refuse(
      'schema',
      schemaText,
      `. (The following ${word} are changed, missing or reordered: [${list}])`,
    )
  }
  for (const side of ['key', 'value'] as const) {
    if (!same(old[`${side}Format`], next[`${side}Format`])) {
      return refuse(`${side} format`, (source) => source[`${side}Format`].format)
    }
  }
  if (!same(old.window, next.window)) {
    return refuse('window', (source) => source.window?.type ?? 'none')
  }
  return undefined
}

function columnText({ name, type }: Columns[number], suffix: string): string {
  return `\`${name}\` ${formatSqlType(type)}${suffix}`
}

function schemaText({ keyColumns, valueColumns }: DataSource): string {
  return [
    ...keyColumns.map((column) => columnText(column, ' KEY')),
    ...valueColumns.map((column) => columnText(column, '')),
  ].join(', ')
}
