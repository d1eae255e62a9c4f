import type { FormatSpec } from '@varve/serde'

import { nodeMs } from '../analyzer/duration.ts'
import { internalKeyFormat, withoutSchemaId } from '../analyzer/formats.ts'
import type { AnalyzedJoin } from '../analyzer/join-condition.ts'
import { canonicalColumn, type Scope } from '../analyzer/scope.ts'
import type { Expression } from '../ast/expression.ts'
import { columnsIn } from '../ast/visit.ts'
import { SqlError } from '../errors.ts'
import type { TypedExpression } from '../expression/typed-expression.ts'
import { checkKinds, checkPartitions, checkTypes } from './join-checks.ts'
import {
  hasOwnSchema,
  joinKeyFormat,
  keyFormatOf,
  sameKeyBytes,
  valueFormatOf,
} from './join-key-format.ts'
import { joinKey } from './join-key.ts'
import { narrow, placesOfBoth, repartitionTable, type JoinInputs } from './join-sides.ts'
import type { InternalFormats, PlanNode } from './physical-plan.ts'
import { isForeignKeyJoin, planForeignKeyJoin } from './plan-foreign-key-join.ts'
import { planPartitionBy } from './plan-partition-by.ts'
import { planSource } from './plan-source.ts'
import { isKeyedBy, type Planning, type Relation, type RelationKey } from './relation.ts'

/** Joins one more source to what stands left of it. @throws SqlError */
export function planJoin(join: AnalyzedJoin, inputs: JoinInputs, planning: Planning): Relation {
  const { scope } = planning
  const source = scope.sources[join.source]!
  const suffix = inputs.isNWay && inputs.ordinal > 0 ? `${inputs.ordinal + 1}` : ''
  const rightSource = planSource(source, `KafkaTopic_Right${suffix}`, { materialized: true })
  checkKinds(join, inputs.left, rightSource, planning)
  if (isForeignKeyJoin(join, inputs.left, planning)) {
    return planForeignKeyJoin(join, inputs, rightSource, planning)
  }
  const keyFormat = joinKeyFormat(join, inputs, rightSource, planning)
  const left = prepareSide(
    inputs.left,
    join.left,
    'Left',
    suffix,
    { ...inputs, keyFormat },
    planning,
  )
  const right = prepareSide(
    rightSource,
    join.right,
    'Right',
    suffix,
    { ...inputs, keyFormat },
    planning,
  )
  checkPartitions(join, left, right, planning)
  const type = checkTypes(join, left, right, planning)
  const step = `Join${suffix}`
  const key = joinKey(join, inputs, left, right, type, planning)
  const leftColumns = left.node.schema.valueColumns
  const places = placesOfBoth(left, right)
  if (inputs.syntheticKey !== undefined) {
    places.set(`\`${inputs.syntheticKey.replaceAll('`', '``')}\``, keyPlace(key))
  }
  const schema = {
    keyColumns: [{ name: key.name, type }],
    valueColumns: [...leftColumns, ...right.node.schema.valueColumns],
    ...(left.window === undefined ? {} : { window: left.window }),
  }
  const kind = left.kind
  const formats = {
    keyFormat: internalKeyFormat(keyFormat, schema.keyColumns, inputs.defaultKeyFormat),
    valueFormat: inputs.leftFormats.valueFormat,
  }
  const rightFormats = {
    keyFormat: formats.keyFormat,
    valueFormat: withoutSchemaId(source.definition.valueFormat),
  }
  const node = joinNode(join, left, right, { step, schema }, formats, rightFormats)
  return {
    node,
    kind,
    keys: [key],
    keyKind: 'join expression',
    places,
    ...(left.window === undefined ? {} : { window: left.window }),
    aggregated: false,
  }
}

function keyPlace(key: RelationKey): TypedExpression {
  return { kind: 'column', type: key.type, side: 'key', index: 0, name: key.name }
}

function joinNode(
  join: AnalyzedJoin,
  left: Relation,
  right: Relation,
  base: { readonly step: string; readonly schema: PlanNode['schema'] },
  formats: InternalFormats,
  rightFormats: InternalFormats,
): PlanNode {
  const { type, within } = join.node
  if (left.kind === 'STREAM' && right.kind === 'TABLE') {
    return {
      kind: 'streamTableJoin',
      ...base,
      type: type === 'LEFT' ? 'LEFT' : 'INNER',
      left: left.node,
      right: right.node,
      formats,
    }
  }
  if (left.kind === 'TABLE') {
    return { kind: 'tableTableJoin', ...base, type, left: left.node, right: right.node }
  }
  return {
    kind: 'streamStreamJoin',
    ...base,
    type,
    left: left.node,
    right: right.node,
    beforeMs: nodeMs(within!.before),
    afterMs: nodeMs(within!.after),
    ...(within!.grace === undefined ? {} : { graceMs: nodeMs(within!.grace) }),
    leftFormats: formats,
    rightFormats,
  }
}

/**
 * One input of a join: only what is used above, with copies of the key columns in the value, keyed by its side of the condition.
 */
function prepareSide(
  input: Relation,
  condition: Expression,
  side: 'Left' | 'Right',
  suffix: string,
  inputs: JoinInputs & { readonly keyFormat: FormatSpec },
  planning: Planning,
): Relation {
  const { scope } = planning
  const canonical = scope.canonical(condition)
  const isKeyed = isKeyedBy(input.keys, canonical)
  const source = keyFormatOf(input)
  const isSameFormat =
    source === undefined ||
    (sameKeyBytes(source, inputs.keyFormat) && (input.window !== undefined || !hasOwnSchema(input)))
  const wanted = new Set(inputs.needed)
  if (!isKeyed || !isSameFormat) {
    for (const column of columnsIn(condition)) {
      const resolved = scope.resolve(column, 'JOIN ON')
      wanted.add(canonicalColumn(resolved.source, resolved.name))
    }
  }
  const isJoin = input.node.kind.endsWith('Join')
  const narrowed = isJoin ? input : narrow(input, wanted, `PrependAlias${side}${suffix}`, planning)
  if (isKeyed && isSameFormat) return narrowed
  if (isKeyed && input.kind === 'TABLE') {
    return repartitionTable(
      narrowed,
      `${side}SourceKeyed${suffix}`,
      {
        keyFormat: inputs.keyFormat,
        valueFormat: side === 'Left' ? inputs.leftFormats.valueFormat : valueFormatOf(input),
      },
      inputs.defaultKeyFormat,
    )
  }
  if (input.kind === 'TABLE') {
    throw new SqlError(
      `Invalid join condition: a table cannot be re-partitioned. Got ${planning.scope.describe(condition)}.`,
      { span: condition.span },
    )
  }
  if (input.window !== undefined) {
    throw new SqlError(
      'Implicit repartitioning of windowed sources is not supported. See https://github.com/confluentinc/ksql/issues/4385.',
      {
        span: condition.span,
      },
    )
  }
  const rekeyed = planPartitionBy(
    narrowed,
    [{ expression: condition, name: keyNameOf(condition) }],
    {
      step: `${side}SourceKeyed${suffix}`,
      repartition: true,
      clause: 'JOIN ON',
      keyLabel: joinKeyLabel(condition, scope),
      needed: wanted,
      defaultKeyFormat: inputs.defaultKeyFormat,
      formats: {
        keyFormat: inputs.keyFormat,
        valueFormat: side === 'Left' ? inputs.leftFormats.valueFormat : valueFormatOf(input),
      },
    },
    planning,
  )
  // The same key in other bytes still equals the same columns.
  return isKeyed
    ? { ...rekeyed, keys: [{ ...rekeyed.keys[0]!, ...namesOf(input.keys[0]!) }] }
    : rekeyed
}

function namesOf(key: RelationKey): Pick<RelationKey, 'canonicals' | 'equated' | 'texts'> {
  const { canonicals, equated, texts } = key
  return { canonicals, texts, ...(equated === undefined ? {} : { equated }) }
}

function joinKeyLabel(condition: Expression, scope: Scope): string {
  if (condition.kind !== 'column') return 'ROWKEY'
  const { source, name } = scope.resolve(condition, 'JOIN ON')
  return `${scope.sources[source]!.alias}_${name}`
}

function keyNameOf(condition: Expression): string {
  return condition.kind === 'column' ? condition.name : 'ROWKEY'
}
