import { NotOpenError, TimeoutError, type Clock } from '@varve/base'
import type { Kafka } from '@varve/kafka'
import type { Row } from '@varve/serde'
import type { PlanNode } from '@varve/sql'
import type {
  ReadOnlyKeyValueStore,
  ReadOnlyWindowStore,
  StreamsApplication,
  Windowed,
} from '@varve/streams'

import type { Metastore } from '../catalog/metastore.ts'
import type { QueryInfo } from '../catalog/query-info.ts'
import type { PullRead } from '../query/pull-query.ts'
import type { QueryRuntime } from '../query/query-runtime.ts'
import { EngineError } from './engine-error.ts'
import type { Position } from './position.ts'

/** Milliseconds between two looks whether a restoring store can be read. */
const retryDelayMs = 20

/** Finds the stores behind tables and waits until they hold what a reader asked for. */
export class TableReader {
  readonly #kafka: Kafka
  readonly #queries: QueryRuntime
  readonly #clock: Clock

  constructor(kafka: Kafka, queries: QueryRuntime, clock: Clock) {
    this.#kafka = kafka
    this.#queries = queries
    this.#clock = clock
  }

  /** The store of a table's query; waits while the query starts or restores, `timeoutMs` at most. */
  async openStore(
    info: QueryInfo,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<PullRead['store']> {
    const { materialization } = info.plan
    if (materialization === undefined) {
      throw new EngineError('statement', `Table ${info.sink} is not materialized`)
    }
    return this.#whenRunning(info.id, timeoutMs, signal, (application) => {
      if (materialization.window === undefined) {
        return {
          kind: 'key-value',
          rows: application.store(materialization.store) as ReadOnlyKeyValueStore<Row, Row>,
        }
      }
      if (!isAggregateStep(info.plan.root, materialization.step)) {
        return {
          kind: 'windowed-key',
          rows: application.store(materialization.store) as ReadOnlyKeyValueStore<
            Windowed<Row>,
            Row
          >,
        }
      }
      return {
        kind: 'window',
        rows: application.windowStore(materialization.store) as ReadOnlyWindowStore<Row, Row>,
      }
    })
  }

  /** Resolves when what lies before `position` in the topics behind a table has reached its store. */
  async waitFor(
    source: string,
    position: Position,
    metastore: Metastore,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<void> {
    const reached = new Map<string, number>()
    for (const [topic, partitions] of Object.entries(position.offsets)) {
      for (const [partition, offset] of Object.entries(partitions)) {
        reached.set(`${topic}-${partition}`, offset)
      }
    }
    await this.#waitForWriters(source, reached, metastore, options, new Set())
  }

  /** Upstream first: what a query has to reach includes what those in front of it wrote on the way. */
  async #waitForWriters(
    source: string,
    position: Map<string, number>,
    metastore: Metastore,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
    seen: Set<string>,
  ): Promise<void> {
    for (const query of metastore.writersOf(source)) {
      if (seen.has(query.id)) continue
      seen.add(query.id)
      const wanted = new Map<string, number>()
      for (const input of query.plan.sources) {
        await this.#waitForWriters(input, position, metastore, options, seen)
        const topic = metastore.source(input)?.topic
        if (topic === undefined) continue
        await this.#collect(topic, position, metastore.writersOf(input).length > 0, wanted)
      }
      await this.#whenRunning(query.id, options.timeoutMs, options.signal, (application) =>
        application.waitForPosition(wanted, options),
      )
    }
  }

  async #collect(
    topic: string,
    position: ReadonlyMap<string, number>,
    isSink: boolean,
    wanted: Map<string, number>,
  ): Promise<void> {
    const description = await this.#kafka.admin.describeTopic(topic)
    const partitions = Array.from({ length: description?.partitionCount ?? 0 }, (_, partition) => ({
      topic,
      partition,
    }))
    // Rows whose transaction is committed count even where its markers have not arrived yet.
    const ends = isSink ? await this.#kafka.admin.endOffsets(partitions) : []
    for (const { partition } of partitions) {
      const id = `${topic}-${partition}`
      const end = ends.find((e) => e.partition === partition)?.offset ?? 0
      const offset = Math.max(position.get(id) ?? 0, end)
      if (offset > 0) wanted.set(id, offset)
    }
  }

  async #whenRunning<T>(
    queryId: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    use: (application: StreamsApplication) => T | Promise<T>,
  ): Promise<T> {
    const deadline = this.#clock.monotonicMs() + timeoutMs
    for (;;) {
      signal?.throwIfAborted()
      const query = this.#queries.get(queryId)
      if (query === undefined) throw new NotOpenError(`query "${queryId}" does not run here`)
      try {
        if (query.application !== undefined) return await use(query.application)
      } catch (error) {
        if (!(error instanceof NotOpenError)) throw error
      }
      if (this.#clock.monotonicMs() >= deadline) {
        throw new TimeoutError(
          `query "${queryId}" is in state ${query.state} and its rows could not be read within ${timeoutMs} ms`,
        )
      }
      await this.#clock.sleep(retryDelayMs, signal)
    }
  }
}

/** Whether the step is a windowed aggregate: its store knows windows; those behind it have them in their keys. */
function isAggregateStep(root: PlanNode, step: string): boolean {
  let node = root
  while (node.step !== step && 'source' in node) node = node.source
  return node.kind === 'aggregate'
}
