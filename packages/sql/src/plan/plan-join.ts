import type { FormatSpec, SqlType } from '@varve/serde'

import { nodeMs } from '../analyzer/duration.ts'
import { inferringFormats, internalKeyFormat, withoutSchemaId } from '../analyzer/formats.ts'
import type { AnalyzedJoin } from '../analyzer/join-condition.ts'
import { canonicalColumn, type Scope } from '../analyzer/scope.ts'
import type { Expression } from '../ast/expression.ts'
import { columnsIn } from '../ast/visit.ts'
import type { WindowInfo } from '../catalog/data-source.ts'
import { SqlError } from '../errors.ts'
import type { TypedExpression } from '../expression/typed-expression.ts'
import type { InternalFormats, PlanNode } from './physical-plan.ts'
import {
  narrow,
  placesOfBoth,
  repartitionTable,
  requireSameType,
  type JoinInputs,
} from './join-sides.ts'
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

function checkKinds(join: AnalyzedJoin, left: Relation, right: Relation, planning: Planning): void {
  const { node } = join
  const { span } = node
  checkWindows(join, left, right, planning)
  const alias = planning.scope.sources[join.source]!.alias
  if (left.kind === 'STREAM' && right.kind === 'STREAM') {
    if (node.within === undefined) {
      throw new SqlError(
        `Stream-Stream joins must have a WITHIN clause specified. None was provided. To learn about how to specify a WITHIN clause with a stream-stream join, please visit the documentation of joins.`,
        { span, hint: 'JOIN … WITHIN 1 HOUR ON ….' },
      )
    }
    return
  }
  if (node.within !== undefined) {
    throw new SqlError(
      `A window definition was provided for a ${left.kind === 'STREAM' ? 'Stream' : 'Table'}-${right.kind === 'STREAM' ? 'Stream' : 'Table'} join. These joins are not windowed. Please drop the window definition (i.e. the WITHIN clause) and try to execute your join again.`,
      { span },
    )
  }
  if (left.kind === 'TABLE' && right.kind === 'STREAM') {
    throw new SqlError(
      `Invalid join order: table-stream joins are not supported; only stream-table joins. Got ${formatJoin(join, planning)}.`,
      { span, hint: 'Swap the sources.' },
    )
  }
  const rightKey = right.keys[0]
  const isOnKey =
    right.keys.length === 1 && rightKey!.canonicals.includes(planning.scope.canonical(join.right))
  if (left.kind === 'STREAM') {
    if (node.type !== 'INNER' && node.type !== 'LEFT') {
      throw new SqlError(
        `Invalid join type: ${node.type.toLowerCase()}-outer join not supported for stream-table join. Got ${formatJoin(join, planning)}.`,
        { span },
      )
    }
    if (!isOnKey) {
      throw new SqlError(
        `Invalid join condition: stream-table joins require to join on the table's primary key. Got ${planning.scope.describe(node.condition)}.`,
        { span: node.condition.span, hint: `The primary key of ${alias} is ${keyNames(right)}.` },
      )
    }
    return
  }
  if (!isOnKey) {
    throw new SqlError(
      `Invalid join condition: table-table joins require to join on the primary key of the right input table. Got ${planning.scope.describe(node.condition)}.`,
      { span: node.condition.span },
    )
  }
}

/** Windowed sources join windowed ones: sessions with sessions, hopping and tumbling windows of one size with each other. */
function checkWindows(
  join: AnalyzedJoin,
  left: Relation,
  right: Relation,
  { scope }: Planning,
): void {
  const [a, b] = [left.window, right.window]
  if (a === undefined && b === undefined) return
  const { span } = join.node
  if (a === undefined || b === undefined) {
    const line = (source: number, window: WindowInfo | undefined): string =>
      `\`${scope.sources[source]!.alias}\` is ${window === undefined ? 'not' : window.type} windowed`
    throw new SqlError(
      `Can not join windowed source to non-windowed source.\n${line(join.leftSource, a)}\n${line(join.source, b)}`,
      { span },
    )
  }
  if ((a.type === 'SESSION') !== (b.type === 'SESSION')) {
    throw new SqlError(
      `Incompatible windowed sources.\nLeft source: ${a.type}\nRight source: ${b.type}\nSession windowed sources can only be joined to other session windowed sources, and may still not result in expected behaviour as session bounds must be an exact match for the join to work\nHopping and tumbling windowed sources can only be joined to other hopping and tumbling windowed sources`,
      { span },
    )
  }
  if (a.type !== 'SESSION' && b.type !== 'SESSION' && a.sizeMs !== b.sizeMs) {
    throw new SqlError(
      'Implicit repartitioning of windowed sources is not supported. See https://github.com/confluentinc/ksql/issues/4385.',
      { span, hint: 'Join sources whose windows have the same size.' },
    )
  }
}

/** `A LEFT [OUTER] JOIN B`. */
function formatJoin(join: AnalyzedJoin, { scope }: Planning): string {
  const words = {
    INNER: '[INNER]',
    LEFT: 'LEFT [OUTER]',
    RIGHT: 'RIGHT [OUTER]',
    FULL: '[FULL] OUTER',
  }[join.node.type]
  const [left, right] = [join.leftSource, join.source].map((i) => scope.sources[i]!.alias)
  return `${left!} ${words} JOIN ${right!}`
}

function keyNames(relation: Relation): string {
  return relation.keys.map((key) => key.name).join(', ')
}

/** Both sides must have one type: joins do not convert. */
function checkTypes(
  join: AnalyzedJoin,
  left: Relation,
  right: Relation,
  planning: Planning,
): SqlType {
  const leftType = left.keys[0]!.type
  requireSameType(join, leftType, right.keys[0]!.type, planning)
  return leftType
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

/**
 * The key format that both sides share, so that equal keys have equal bytes and lie in partitions of the same number: that of a table, which is dear to
 * re-partition, else that of a side that keeps its key, else the first that can hold a key at all.
 */
function joinKeyFormat(
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
function keyFormatOf(relation: Relation): FormatSpec | undefined {
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
function hasOwnSchema(relation: Relation): boolean {
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

function sameKeyBytes(a: FormatSpec, b: FormatSpec): boolean {
  return a.format === b.format && (a.delimiter ?? ',') === (b.delimiter ?? ',')
}

/** Topics that are joined as they are must have equally many partitions. */
function checkPartitions(
  join: AnalyzedJoin,
  left: Relation,
  right: Relation,
  planning: Planning,
): void {
  const topic = planning.environment.topic
  const [a, b] = [topicOf(left), topicOf(right)]
  if (topic === undefined || a === undefined || b === undefined) return
  const [counts, other] = [topic(a.topic)?.partitions, topic(b.topic)?.partitions]
  if (counts === undefined || other === undefined || counts === other) return
  throw new SqlError(
    `Can't join \`${a.name}\` with \`${b.name}\` since the number of partitions don't match. \`${a.name}\` partitions = ${counts}; \`${b.name}\` partitions = ${other}. Please repartition either one so that the number of partitions match.`,
    { span: join.node.span },
  )
}

function topicOf(
  relation: Relation,
): { readonly topic: string; readonly name: string } | undefined {
  let at: PlanNode = relation.node
  for (;;) {
    if (at.kind === 'filter' || at.kind === 'project') at = at.source
    else if (at.kind.endsWith('Join') && 'left' in at) at = at.left
    else break
  }
  return at.kind === 'streamSource' || at.kind === 'tableSource'
    ? { topic: at.topic, name: at.sourceName }
    : undefined
}

function valueFormatOf(input: Relation): FormatSpec {
  let at: PlanNode = input.node
  while (at.kind === 'filter' || at.kind === 'project') at = at.source
  return at.kind === 'streamSource' || at.kind === 'tableSource'
    ? withoutSchemaId(at.valueFormat)
    : { format: 'JSON' }
}

function joinKeyLabel(condition: Expression, scope: Scope): string {
  if (condition.kind !== 'column') return 'ROWKEY'
  const { source, name } = scope.resolve(condition, 'JOIN ON')
  return `${scope.sources[source]!.alias}_${name}`
}

function keyNameOf(condition: Expression): string {
  return condition.kind === 'column' ? condition.name : 'ROWKEY'
}

/** The columns that equal the key of the result, left side first. */
function joinKey(
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
