import type { FormatSpec } from '@varve/serde'

import { inferringFormats, withoutSchemaId } from '../analyzer/formats.ts'
import type { AnalyzedJoin } from '../analyzer/join-condition.ts'
import type { Expression } from '../ast/expression.ts'
import type { JoinInputs } from './join-sides.ts'
import type { PlanNode } from './physical-plan.ts'
import { isKeyedBy, type Planning, type Relation } from './relation.ts'

/**
 * The key format that both sides share, so that equal keys have equal bytes and lie in partitions of the same number: that of a table, which is dear to
 * re-partition, else that of a side that keeps its key, else the first that can hold a key at all.
 */
export function joinKeyFormat(
  join: AnalyzedJoin,
  inputs: JoinInputs,
  right: Relation,
  planning: Planning,
): FormatSpec {
  const isKeyed = (side: Relation, e: Expression): boolean =>
    isKeyedBy(side.keys, planning.scope.canonical(e))
  const leftFormat = keyFormatOf(inputs.left)
  const rightFormat = keyFormatOf(right)!
  if (right.kind === 'TABLE' && inputs.left.kind === 'STREAM') return withoutSchemaId(rightFormat)
  if (leftFormat !== undefined && isKeyed(inputs.left, join.left)) {
    return withoutSchemaId(leftFormat)
  }
  if (isKeyed(right, join.right)) return withoutSchemaId(rightFormat)
  const first = [leftFormat, rightFormat, inputs.leftFormats.keyFormat].find(
    (format) => format !== undefined && format.format !== 'NONE',
  )
  return first === undefined ? inputs.defaultKeyFormat : withoutSchemaId(first)
}

/** The format of the bytes that a relation's key comes from. */
export function keyFormatOf(relation: Relation): FormatSpec | undefined {
  let at: PlanNode = relation.node
  for (;;) {
    if (at.kind === 'filter' || at.kind === 'project') at = at.source
    else if (at.kind === 'tableTableJoin' || at.kind === 'foreignKeyJoin') at = at.left
    else break
  }
  switch (at.kind) {
    case 'tableRepartition':
      return at.formats.keyFormat
    case 'streamSource':
    case 'tableSource':
      return at.keyFormat
    case 'partitionBy':
    case 'streamTableJoin':
      return at.formats.keyFormat
    case 'streamStreamJoin':
      return at.leftFormats.keyFormat
    default:
      return undefined
  }
}

/** Whether keys are in the bytes of a topic's own schema: no other topic's schema need give the same ones. */
export function hasOwnSchema(relation: Relation): boolean {
  let at: PlanNode = relation.node
  for (;;) {
    if (at.kind === 'filter' || at.kind === 'project') at = at.source
    else if ('left' in at) at = at.left
    else break
  }
  return (
    (at.kind === 'streamSource' || at.kind === 'tableSource') &&
    inferringFormats.has(at.keyFormat.format)
  )
}

export function sameKeyBytes(a: FormatSpec, b: FormatSpec): boolean {
  return a.format === b.format && (a.delimiter ?? ',') === (b.delimiter ?? ',')
}

/** The value format of the source that a side comes from. */
export function valueFormatOf(input: Relation): FormatSpec {
  let at: PlanNode = input.node
  while (at.kind === 'filter' || at.kind === 'project') at = at.source
  return at.kind === 'streamSource' || at.kind === 'tableSource'
    ? withoutSchemaId(at.valueFormat)
    : { format: 'JSON' }
}
