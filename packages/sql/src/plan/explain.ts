import { formatSqlType } from '@varve/serde'

import { AssertionError } from '@varve/base'

import type {
  OutputColumn,
  PlanNode,
  PushQueryPlan,
  QueryPlan,
  SourceTablePlan,
} from './physical-plan.ts'
import type { PullBound, PullLookup, PullPlan } from './pull-plan.ts'
import type { PlanSchema } from './schema.ts'

/** A plan as indented text, one node a line, what is read below what reads it. */
export function explain(plan: QueryPlan | SourceTablePlan | PushQueryPlan | PullPlan): string {
  if ('lookup' in plan) return explainPull(plan)
  const lines: string[] = []
  let indent = 0
  if ('output' in plan) {
    lines.push(`> [ OUTPUT ] | ${formatOutput(plan.output)}${limitText(plan.limit)}`)
    indent = 1
  }
  explainNode(plan.root, indent, lines)
  return lines.join('\n')
}

function explainPull(plan: PullPlan): string {
  const lines = [`> [ OUTPUT ] | ${formatOutput(plan.output)}${limitText(plan.limit)}`]
  if (plan.filter !== undefined) lines.push(`  > [ FILTER ] | ${plan.filter.text}`)
  lines.push(
    `${plan.filter === undefined ? '  ' : '    '}> [ LOOKUP ] | ${formatLookup(plan.lookup)} | ${plan.source}`,
  )
  return lines.join('\n')
}

function limitText(limit: number | undefined): string {
  return limit === undefined ? '' : ` | Limit: ${limit}`
}

function formatOutput(columns: readonly OutputColumn[]): string {
  return columns.map((c) => `\`${c.name}\` ${formatSqlType(c.type)} := ${c.text}`).join(', ')
}

function formatLookup(lookup: PullLookup): string {
  const windows = Object.entries(lookup.windows)
    .map(([side, bound]: [string, PullBound]) => ` ${side} ${JSON.stringify(bound)}`)
    .join('')
  switch (lookup.kind) {
    case 'keys':
      return `KEYS ${JSON.stringify(lookup.keys)}${windows}`
    case 'range':
      return `RANGE ${JSON.stringify({ lower: lookup.lower, upper: lookup.upper })}${windows}`
    case 'scan':
      return `SCAN${windows}`
  }
}

function explainNode(node: PlanNode, indent: number, lines: string[]): void {
  const { title, detail, inputs } = describe(node)
  const pad = '  '.repeat(indent)
  lines.push(
    `${pad}> [ ${title} ] | Schema: ${formatPlanSchema(node.schema)} | Step: ${node.step}${detail === '' ? '' : ` | ${detail}`}`,
  )
  for (const input of inputs) explainNode(input, indent + 1, lines)
}

/** ``ID` INTEGER KEY, `V` STRING``. */
function formatPlanSchema(schema: PlanSchema): string {
  return [
    ...schema.keyColumns.map((c) => `\`${c.name}\` ${formatSqlType(c.type)} KEY`),
    ...schema.valueColumns.map((c) => `\`${c.name}\` ${formatSqlType(c.type)}`),
  ].join(', ')
}

interface Description {
  readonly title: string
  readonly detail: string
  readonly inputs: readonly PlanNode[]
}

function describe(node: PlanNode): Description {
  switch (node.kind) {
    case 'streamSource':
    case 'tableSource':
      return {
        title: node.kind === 'streamSource' ? 'SOURCE STREAM' : 'SOURCE TABLE',
        detail: `Topic: ${node.topic} (${node.keyFormat.format}, ${node.valueFormat.format})${
          node.kind === 'tableSource' && node.materialized ? ' | Materialized' : ''
        }`,
        inputs: [],
      }
    case 'filter':
      return { title: 'FILTER', detail: node.predicate.text, inputs: [node.source] }
    case 'project':
      return {
        title: 'PROJECT',
        detail: node.columns.map((c) => `${c.name} := ${c.text}`).join(', '),
        inputs: [node.source],
      }
    case 'partitionBy':
      return {
        title: node.repartition ? 'REPARTITION' : 'PARTITION BY',
        detail: `${node.keys.map((key) => key.text).join(', ')}${formatsOf(node.repartition, node.formats)}`,
        inputs: [node.source],
      }
    case 'groupBy':
      return {
        title: 'GROUP BY',
        detail: `${node.keys.map((key) => key.text).join(', ')}${formatsOf(node.repartition, node.formats)}`,
        inputs: [node.source],
      }
    case 'aggregate':
      return {
        title: 'AGGREGATE',
        detail: `${node.calls
          .map(
            (call) =>
              `${call.name} := ${call.function}(${call.arguments.map((a) => a.text).join(', ')})`,
          )
          .join(
            ', ',
          )}${node.window === undefined ? '' : ` | Window: ${JSON.stringify(node.window)}`} | Store: ${node.store}`,
        inputs: [node.source],
      }
    case 'suppress':
      return { title: 'EMIT FINAL', detail: '', inputs: [node.source] }
    case 'streamTableJoin':
    case 'tableTableJoin':
      return { title: `${node.type} JOIN`, detail: '', inputs: [node.left, node.right] }
    case 'tableRepartition':
      return {
        title: 'REPARTITION TABLE',
        detail: formatsOf(true, node.formats).slice(3),
        inputs: [node.source],
      }
    case 'streamStreamJoin':
      return {
        title: `${node.type} JOIN`,
        detail: `Within: ${node.beforeMs} ms before, ${node.afterMs} ms after`,
        inputs: [node.left, node.right],
      }
    case 'foreignKeyJoin':
      return {
        title: `${node.type} FOREIGN-KEY JOIN`,
        detail: node.foreignKey.text,
        inputs: [node.left, node.right],
      }
    case 'flatMap':
      return {
        title: 'FLATMAP',
        detail: node.functions.map((f) => f.text).join(', '),
        inputs: [node.source],
      }
    case 'sink':
      return {
        title: `SINK ${node.sinkKind}`,
        detail: `Topic: ${node.topic} (${node.keyFormat.format}, ${node.valueFormat.format})`,
        inputs: [node.source],
      }
    default:
      throw new AssertionError('every plan node is described')
  }
}

function formatsOf(
  shown: boolean,
  formats: {
    readonly keyFormat: { readonly format: string }
    readonly valueFormat: { readonly format: string }
  },
): string {
  return shown
    ? ` | Through a topic (${formats.keyFormat.format}, ${formats.valueFormat.format})`
    : ''
}
