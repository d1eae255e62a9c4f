import { formatSqlType } from '@varve/serde'

import type { ComparisonOperator, Expression } from '../ast/expression.ts'
import { columnsIn } from '../ast/visit.ts'
import type { DataSource } from '../catalog/data-source.ts'
import { formatOperand } from '../formatter/format-expression.ts'

const ranges: readonly ComparisonOperator[] = ['<', '<=', '>', '>=']

/**
 * Why a condition does not name the keys to look up, in words for the one who wrote it.
 *
 * @param isLookup - Whether the store can be read by keys or one range at all.
 * @returns `undefined` when it does.
 */
export function whyNoLookup(
  where: Expression,
  source: DataSource,
  isLookup: boolean,
): string | undefined {
  for (const disjunct of operands('OR', where)) {
    const reason = whyNotDisjunct(disjunct, source)
    if (reason !== undefined) return reason
  }
  if (isLookup) return undefined
  return 'Query requires table scan to be enabled. Table scans can be enabled by setting ksql.query.pull.table.scan.enabled=true.'
}

function whyNotDisjunct(disjunct: Expression, source: DataSource): string | undefined {
  const names = new Set(source.keyColumns.map((column) => column.name))
  const keysIn = (e: Expression): string[] =>
    columnsIn(e).flatMap((column) => (names.has(column.name) ? [column.name] : []))
  const conjuncts = operands('AND', disjunct)
  const like = conjuncts.find((conjunct) => conjunct.kind === 'like')
  if (like?.kind === 'like' && like.operand.kind !== 'column') {
    return 'Like condition must be between strings'
  }
  if (conjuncts.every((conjunct) => keysIn(conjunct).length === 0)) {
    return `WHERE clause missing key column for disjunct: ${formatOperand(disjunct)}`
  }
  const compared = new Set<string>()
  for (const conjunct of conjuncts) {
    if (conjunct.kind === 'in' && conjunct.operand.kind === 'column') {
      const { name } = conjunct.operand
      if (!names.has(name)) continue
      if (compared.has(name)) return 'The IN predicate cannot be combined with other comparisons'
      compared.add(name)
      continue
    }
    if (conjunct.kind !== 'comparison' || keysIn(conjunct).length === 0) continue
    const { left, right, operator } = conjunct
    const got = `Got: ${formatOperand(conjunct)}.`
    const [key, other] =
      left.kind === 'column' && names.has(left.name) ? [left, right] : [right, left]
    if (key.kind !== 'column' || !names.has(key.name)) {
      return `A comparison must directly reference a key column. ${got}`
    }
    if (columnsIn(other).length > 0) {
      return `A comparison must be between a key column and a resolvable expression. ${got}`
    }
    if (operator !== '=' && !ranges.includes(operator)) {
      return `Bound on key columns '${keyList(source)}' must currently be '='. ${got}`
    }
    if (compared.has(key.name)) {
      return `A comparison condition on the key column cannot be combined with other comparisons such as an IN predicate. ${got}`
    }
    compared.add(key.name)
  }
  const specified = new Set(conjuncts.flatMap(keysIn))
  if (specified.size < names.size) {
    const named = Array.from(specified, (name) => `\`${name}\``)
    return `Multi-column sources must specify every key in the WHERE clause. Specified: [${named.join(', ')}] Expected: ${keyList(source)}.`
  }
  return undefined
}

function keyList({ keyColumns }: DataSource): string {
  return `[${keyColumns.map((c) => `\`${c.name}\` ${formatSqlType(c.type)} KEY`).join(', ')}]`
}

function operands(operator: 'AND' | 'OR', e: Expression): Expression[] {
  return e.kind === 'logical' && e.operator === operator
    ? [...operands(operator, e.left), ...operands(operator, e.right)]
    : [e]
}
