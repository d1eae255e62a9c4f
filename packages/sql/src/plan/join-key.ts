import type { SqlType } from '@varve/serde'

import type { AnalyzedJoin } from '../analyzer/join-condition.ts'
import type { JoinInputs } from './join-sides.ts'
import { isKeyedBy, type Planning, type Relation, type RelationKey } from './relation.ts'

/** The columns that equal the key of the result, left side first. */
export function joinKey(
  join: AnalyzedJoin,
  inputs: JoinInputs,
  left: Relation,
  right: Relation,
  type: SqlType,
  planning: Planning,
): RelationKey {
  if (inputs.syntheticKey !== undefined) {
    const name = inputs.syntheticKey
    return {
      name,
      type,
      canonicals: [`\`${name.replaceAll('`', '``')}\``],
      texts: [name],
      synthetic: true,
    }
  }
  const viable: { canonical: string; text: string }[] = []
  const equated = new Set<string>()
  const add = (canonicals: readonly string[], texts: readonly string[]): void => {
    for (const [i, canonical] of canonicals.entries()) {
      if (!viable.some((known) => known.canonical === canonical)) {
        viable.push({ canonical, text: texts[i]! })
      }
    }
  }
  for (const [expression, side] of [
    [join.left, left],
    [join.right, right],
  ] as const) {
    const canonical = planning.scope.canonical(expression)
    if (expression.kind === 'column') add([canonical], [planning.scope.describe(expression)])
    else equated.add(canonical)
    if (!isKeyedBy(side.keys, canonical)) continue
    const key = side.keys[0]!
    if (expression.kind === 'column' || key.equated !== undefined) add(key.canonicals, key.texts)
    for (const other of key.equated ?? []) equated.add(other)
  }
  // After a FULL join neither side equals the key in every row.
  if (join.node.type === 'FULL') {
    viable.length = 0
    equated.clear()
  }
  const named = [join.left, join.right].find((e) => e.kind === 'column')
  return {
    name: named?.kind === 'column' ? named.name : left.keys[0]!.name,
    type,
    canonicals: viable.map((v) => v.canonical),
    ...(equated.size === 0 ? {} : { equated: [...equated] }),
    texts: viable.map((v) => v.text),
  }
}
