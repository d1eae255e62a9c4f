import type { DataSource } from '@varve/sql'

import type { Metastore } from '../catalog/metastore.ts'
import { EngineError } from '../engine/engine-error.ts'

/** @throws EngineError when the name is taken, and OR REPLACE does not allow to take it over */
export function checkNameFree(source: DataSource, orReplace: boolean, metastore: Metastore): void {
  const existing = metastore.source(source.name)
  if (existing === undefined) return
  const what = source.kind.toLowerCase()
  const other = existing.kind.toLowerCase()
  if (!orReplace || existing.kind !== source.kind) {
    throw new EngineError(
      'statement',
      `Cannot add ${what} ${source.name}: A ${other} with the same name already exists.`,
    )
  }
  const problem = replacementProblem(existing, source)
  if (problem !== undefined) {
    throw new EngineError('statement', `Cannot upgrade data source \`${source.name}\`: ${problem}`)
  }
}

/** A replacement keeps the key and all value columns, in order; it may add value columns at the end. */
function replacementProblem(old: DataSource, next: DataSource): string | undefined {
  if (old.isSource || next.isSource) return 'a SOURCE stream or table cannot be replaced'
  if (old.topic !== next.topic) return `the topic changes from ${old.topic} to ${next.topic}`
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
  if (!same(old.keyColumns, next.keyColumns)) return 'key columns must stay as they are'
  const changed = old.valueColumns.filter((column, i) => !same(column, next.valueColumns[i]))
  if (changed.length > 0) {
    return `the following columns are changed, missing or reordered: [${changed.map((c) => `\`${c.name}\``).join(', ')}]`
  }
  if (!same(old.keyFormat, next.keyFormat) || !same(old.valueFormat, next.valueFormat)) {
    return 'formats must stay as they are'
  }
  if (!same(old.window, next.window)) return 'the window must stay as it is'
  return undefined
}
