import type { ConsumerRecord, Kafka } from '@varve/kafka'
import type { Row, Value } from '@varve/serde'
import type {
  CompiledExpression,
  CompiledPredicate,
  DataSource,
  PlanExpression,
  PlanNode,
  PseudoColumn,
  PushQueryPlan,
} from '@varve/sql'
import type { Serde } from '@varve/streams'

import type { QueryHandle, ResultColumn, ResultRow } from '../engine/query-types.ts'
import type { PlanKey } from '../lowering/flow.ts'
import { RecordEvaluation } from '../lowering/record-evaluation.ts'
import { decodeSide } from './subscription.ts'
import { readTopic, topicEnds, type TopicPlace } from './topic-tail.ts'

/** What {@link openScalablePush} needs. */
export interface ScalablePushOptions {
  readonly id: string
  readonly kafka: Kafka
  readonly plan: PushQueryPlan
  readonly source: DataSource
  readonly keySerde: Serde<PlanKey>
  readonly valueSerde: Serde<Row | null>
  readonly compile: (expression: PlanExpression) => CompiledExpression
  readonly compilePredicate: (expression: PlanExpression) => CompiledPredicate
  readonly signal?: AbortSignal
  readonly onUndecodable: (record: ConsumerRecord, error: unknown) => void
  readonly onFailure: (error: unknown) => void
  /** Called once, after everything of the query is gone. */
  readonly onClosed: () => void
}

/**
 * Whether a push query can be answered from the output of the query that writes its source: it selects and filters rows one by one and does
 * not ask where they lay.
 */
export function isScalable(plan: PushQueryPlan): boolean {
  if (plan.emit !== 'CHANGES' || plan.sources.length !== 1) return false
  const steps = stepsOf(plan.root)
  if (steps === undefined) return false
  return ![plan.output, ...steps].some((part) => mentionsPlace(part))
}

/**
 * Starts a push query that follows the committed output of a running query from now on.
 *
 * It keeps no state, no group and no internal topics, and its reader sets the pace: what it has not asked for stays in the topic.
 */
export async function openScalablePush(options: ScalablePushOptions): Promise<QueryHandle> {
  const from = await topicEnds(options.kafka, options.source.topic)
  return new ScalablePush(options, from)
}

class ScalablePush implements QueryHandle {
  readonly id: string
  readonly kind = 'push'
  readonly announcesEnd = true
  readonly columns: readonly ResultColumn[]
  readonly #options: ScalablePushOptions
  readonly #from: readonly TopicPlace[]
  readonly #evaluate: RowEvaluation
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  #end: QueryHandle['end']
  #closed = false

  constructor(options: ScalablePushOptions, from: readonly TopicPlace[]) {
    this.id = options.id
    this.#options = options
    this.#from = from
    this.columns = options.plan.output.map(({ name, type, key }) => ({ name, type, key }))
    this.#evaluate = createRowEvaluation(options)
    this.#signal =
      options.signal === undefined
        ? this.#stop.signal
        : AbortSignal.any([this.#stop.signal, options.signal])
    this.#signal.addEventListener('abort', () => this.#finish('closed'), { once: true })
    if (this.#signal.aborted) this.#finish('closed')
  }

  get end(): QueryHandle['end'] {
    return this.#end
  }

  async *batches(): AsyncGenerator<readonly ResultRow[]> {
    try {
      yield* this.#read()
    } catch (error) {
      if (!this.#signal.aborted) throw error
    } finally {
      await this.close()
    }
  }

  close(): Promise<void> {
    this.#stop.abort()
    return Promise.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async *#read(): AsyncGenerator<readonly ResultRow[]> {
    const { kafka, plan, source } = this.#options
    let rest = plan.limit ?? Infinity
    if (rest === 0) this.#end = 'limit'
    if (rest === 0 || this.#signal.aborted) return
    const batches = readTopic(kafka, source.topic, {
      from: this.#from,
      toCurrentEnd: false,
      signal: this.#signal,
    })
    for await (const { records } of batches) {
      const rows: ResultRow[] = []
      for (const record of records) {
        const row = await this.#row(record)
        if (row !== undefined) rows.push(row)
        if (rows.length === rest) break
      }
      rest -= rows.length
      if (rest === 0) this.#end = 'limit'
      if (rows.length > 0) yield rows
      if (rest === 0) return
    }
  }

  async #row(record: ConsumerRecord): Promise<ResultRow | undefined> {
    let key: PlanKey
    let value: Row | null
    try {
      key = await decodeSide(this.#options.keySerde, record.key)
      value = await decodeSide(this.#options.valueSerde, record.value)
    } catch (error) {
      this.#options.onUndecodable(record, error)
      return undefined
    }
    return this.#evaluate(key, value, record)
  }

  #finish(end: NonNullable<QueryHandle['end']>): void {
    this.#end ??= end
    if (this.#closed) return
    this.#closed = true
    this.#options.onClosed()
  }
}

/** Makes a row of the result; `undefined` for one that is filtered out. */
type RowEvaluation = (
  key: PlanKey,
  value: Row | null,
  record: ConsumerRecord,
) => ResultRow | undefined

function createRowEvaluation(options: ScalablePushOptions): RowEvaluation {
  const { plan, source } = options
  const isTable = source.kind === 'TABLE'
  const evaluation = new RecordEvaluation(source.window !== undefined, options.onFailure)
  const steps = (stepsOf(plan.root) ?? []).map((step) => createStep(step, options))
  const output = plan.output.map((column) => options.compile(column))
  return (key, value, record) => {
    const tombstone = value === null
    if (tombstone && !isTable) return undefined
    const keyRow = evaluation.moveTo(key, record)
    let row = value
    for (const step of steps) {
      if (row === null) break
      row = step(keyRow, row, evaluation)
      if (row === null) return undefined
    }
    const values = output.map((column, i) =>
      tombstone && !plan.output[i]!.key ? null : column(keyRow, row, evaluation),
    )
    return { values, tombstone }
  }
}

/** The value row behind a step; `null` when the row goes no further. */
type Step = (key: Row | null, value: Row, evaluation: RecordEvaluation) => Row | null

type StepNode = Extract<PlanNode, { readonly kind: 'filter' | 'project' }>

function createStep(node: StepNode, options: ScalablePushOptions): Step {
  if (node.kind === 'filter') {
    const matches = options.compilePredicate(node.predicate)
    return (key, value, evaluation) => (matches(key, value, evaluation) ? value : null)
  }
  const columns = node.columns.map((column) => options.compile(column))
  return (key, value, evaluation) => columns.map((column): Value => column(key, value, evaluation))
}

/** Filters and projections from the source to the root; `undefined` when there is anything else. */
function stepsOf(root: PlanNode): readonly StepNode[] | undefined {
  const steps: StepNode[] = []
  let node = root
  while (node.kind === 'filter' || node.kind === 'project') {
    steps.unshift(node)
    node = node.source
  }
  if (node.kind !== 'streamSource' && node.kind !== 'tableSource') return undefined
  return steps
}

const places: ReadonlySet<unknown> = new Set<PseudoColumn>(['ROWPARTITION', 'ROWOFFSET'])

/** Whether an expression anywhere in this part of a plan names the partition or offset of the record. */
function mentionsPlace(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false
  if ('kind' in part && part.kind === 'pseudo' && 'column' in part && places.has(part.column)) {
    return true
  }
  // A step holds what lies before it; that is looked at by itself.
  return Object.entries(part).some(([name, inner]) => name !== 'source' && mentionsPlace(inner))
}
