import type { Scope } from '../analyzer/scope.ts'
import type { ProjectionItem } from '../analyzer/select-items.ts'
import type { Expression } from '../ast/expression.ts'
import { defaultKeyFormat } from './default-key-format.ts'
import { neededColumns } from './join-sides.ts'
import type { InternalFormats } from './physical-plan.ts'
import { planPartitionBy } from './plan-partition-by.ts'
import type { Planning, Relation } from './relation.ts'

/** PARTITION BY. A stream that already has that key stays as it is. @throws SqlError */
export function planRekey(
  partitionBy: readonly Expression[],
  relation: Relation,
  items: readonly ProjectionItem[],
  names: readonly string[],
  formats: InternalFormats,
  planning: Planning,
): Relation {
  const { scope, environment } = planning
  const expressions = partitionBy.filter((e) => e.kind !== 'null')
  const isSameKey =
    expressions.length === 1 &&
    relation.keys.length === 1 &&
    relation.keys[0]!.canonicals.includes(scope.canonical(expressions[0]!))
  if (isSameKey) {
    const texts = [scope.describeOperand(expressions[0]!)]
    const named = relation.keys.map((key) => ({ ...key, texts }))
    return { ...relation, keys: named, keyKind: 'partitioning expression' }
  }
  const keys = keyNames(expressions, items, names, scope)
  return planPartitionBy(
    relation,
    expressions.map((expression, i) => ({ expression, name: keys[i]! })),
    {
      step: 'PartitionBy',
      repartition: false,
      clause: 'PARTITION BY',
      keyTexts: expressions.map((expression) => scope.describeOperand(expression)),
      defaultKeyFormat: defaultKeyFormat(environment),
      formats,
      needed: neededColumns(
        items.map((item) => item.expression),
        planning,
      ),
    },
    planning,
  )
}

/** The names that the projection gives to key expressions; one that is not selected keeps a name of its own (an error follows for persistent queries). */
export function keyNames(
  keys: readonly Expression[],
  items: readonly ProjectionItem[],
  names: readonly string[],
  scope: Scope,
): string[] {
  const used = new Set<string>()
  return keys.map((key, i) => {
    const canonical = scope.canonical(key)
    const at = items.findIndex((item) => scope.canonical(item.expression) === canonical)
    let name =
      at !== -1
        ? names[at]!
        : key.kind === 'column'
          ? key.name
          : key.kind === 'dereference'
            ? key.field
            : `KSQL_COL_${i}`
    while (used.has(name)) name = `${name}_1`
    used.add(name)
    return name
  })
}
