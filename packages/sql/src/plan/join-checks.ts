import type { SqlType } from '@varve/serde'

import type { AnalyzedJoin } from '../analyzer/join-condition.ts'
import type { WindowInfo } from '../catalog/data-source.ts'
import { SqlError } from '../errors.ts'
import { requireSameType } from './join-sides.ts'
import type { PlanNode } from './physical-plan.ts'
import type { Planning, Relation } from './relation.ts'

/** What may be joined with what, and how. @throws SqlError */
export function checkKinds(
  join: AnalyzedJoin,
  left: Relation,
  right: Relation,
  planning: Planning,
): void {
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
export function checkTypes(
  join: AnalyzedJoin,
  left: Relation,
  right: Relation,
  planning: Planning,
): SqlType {
  const leftType = left.keys[0]!.type
  requireSameType(join, leftType, right.keys[0]!.type, planning)
  return leftType
}

/** Topics that are joined as they are must have equally many partitions. */
export function checkPartitions(
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
