import type { AnalyzedJoin } from '../analyzer/join-condition.ts'
import type { Scope } from '../analyzer/scope.ts'

/** FULL joins, and joins on expressions that no column was equated with, have a key of their own: ROWKEY, or ROWKEY_1 … when a source has such a column. */
export function syntheticKeyOf(joins: readonly AnalyzedJoin[], scope: Scope): string | undefined {
  const last = joins.at(-1)
  if (last === undefined) return undefined
  const equated = new Set<string>()
  let hasColumn = false
  for (const { left, right, node } of joins) {
    const sides = [left, right].map((side) => scope.canonical(side))
    if (!sides.some((side) => equated.has(side))) {
      equated.clear()
      hasColumn = false
    }
    for (const side of sides) equated.add(side)
    hasColumn ||= left.kind === 'column' || right.kind === 'column'
    if (node.type !== 'FULL') continue
    equated.clear()
    hasColumn = false
  }
  if (hasColumn) return undefined
  let name = 'ROWKEY'
  for (let n = 1; scope.hasColumn(name); n++) name = `ROWKEY_${n}`
  return name
}
