import { EngineError } from './engine-error.ts'
import type { PrintHandle, QueryHandle } from './query-types.ts'
import type { RunningQuery } from '../result/entities.ts'

/** The transient queries of one engine: bounded in number, closable by id. */
export class PushQueryRegistry {
  readonly #queries = new Map<
    string,
    { readonly handle: QueryHandle | PrintHandle; readonly sql: string }
  >()
  #opening = 0

  /** How many run. */
  get size(): number {
    return this.#queries.size
  }

  has(id: string): boolean {
    return this.#queries.has(id)
  }

  /** Opens a query under the limit. @throws EngineError `push-query-limit` */
  async open<H extends QueryHandle | PrintHandle>(
    sql: string,
    limit: number,
    open: () => Promise<H>,
  ): Promise<H> {
    if (this.#queries.size + this.#opening >= limit) {
      throw new EngineError(
        'push-query-limit',
        `Maximum number of push queries exceeded: ${limit}`,
        { statementText: sql },
      )
    }
    this.#opening += 1
    try {
      const handle = await open()
      this.#queries.set(handle.id, { handle, sql })
      return handle
    } finally {
      this.#opening -= 1
    }
  }

  /** Forgets a query that ended. */
  remove(id: string): void {
    this.#queries.delete(id)
  }

  /** Whether there was such a query; it is closed then. */
  async close(id: string): Promise<boolean> {
    const entry = this.#queries.get(id)
    await entry?.handle.close()
    return entry !== undefined
  }

  /** Lines of SHOW QUERIES. */
  list(): readonly RunningQuery[] {
    return Array.from(this.#queries, ([id, { sql }]) => ({
      queryString: sql,
      sinks: [],
      sinkKafkaTopics: [],
      id,
      statusCount: { RUNNING: 1 },
      queryType: 'PUSH',
      state: 'RUNNING',
    }))
  }

  async closeAll(): Promise<void> {
    await Promise.allSettled([...this.#queries.values()].map(({ handle }) => handle.close()))
  }
}
