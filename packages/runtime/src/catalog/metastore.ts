import { assert } from '@varve/base'
import type { SqlType } from '@varve/serde'
import type { Catalog, DataSource } from '@varve/sql'

import type { Operation } from '../command/operation.ts'
import type { QueryInfo } from './query-info.ts'

/** What an operation did to the set of queries, for whoever runs them. */
export interface QueryEffects {
  readonly started: readonly QueryInfo[]
  /** Same id, new plan: goes on from the committed position. */
  readonly replaced: readonly QueryInfo[]
  readonly stopped: readonly QueryInfo[]
  readonly paused: readonly QueryInfo[]
  readonly resumed: readonly QueryInfo[]
}

const noEffects: QueryEffects = { started: [], replaced: [], stopped: [], paused: [], resumed: [] }

/**
 * Sources, types and persistent queries of one service: the state that the command log replays into.
 *
 * Pure: {@link apply} is the only transition, and {@link copy} makes the sandbox in which a script is tried out.
 */
export class Metastore implements Catalog {
  readonly #sources: Map<string, DataSource>
  readonly #types: Map<string, SqlType>
  readonly #queries: Map<string, QueryInfo>

  constructor(from?: Metastore) {
    this.#sources = new Map(from?.sources())
    this.#types = new Map(from?.types())
    this.#queries = new Map(from?.queries())
  }

  /** An independent metastore with the same content. */
  copy(): Metastore {
    return new Metastore(this)
  }

  source(name: string): DataSource | undefined {
    return this.#sources.get(name)
  }

  type(name: string): SqlType | undefined {
    return this.#types.get(name)
  }

  query(id: string): QueryInfo | undefined {
    return this.#queries.get(id)
  }

  sources(): ReadonlyMap<string, DataSource> {
    return this.#sources
  }

  types(): ReadonlyMap<string, SqlType> {
    return this.#types
  }

  queries(): ReadonlyMap<string, QueryInfo> {
    return this.#queries
  }

  /** Queries that read the source. */
  readersOf(source: string): readonly QueryInfo[] {
    return [...this.#queries.values()].filter((query) => query.plan.sources.includes(source))
  }

  /** Queries that write to the source. */
  writersOf(source: string): readonly QueryInfo[] {
    return [...this.#queries.values()].filter((query) => query.sink === source)
  }

  /** The query that made the source, while it runs. */
  creatorOf(source: string): QueryInfo | undefined {
    return this.writersOf(source).find((query) => query.kind !== 'INSERT')
  }

  /** Applies an operation that was validated against this state. */
  apply(operation: Operation): QueryEffects {
    switch (operation.kind) {
      case 'createSource':
      case 'createAsSelect': {
        this.#sources.set(operation.source.name, operation.source)
        if (operation.query === undefined) return noEffects
        const replaced = this.#queries.has(operation.query.id)
        this.#queries.set(operation.query.id, operation.query)
        return replaced
          ? { ...noEffects, replaced: [operation.query] }
          : { ...noEffects, started: [operation.query] }
      }
      case 'insertInto':
        this.#queries.set(operation.query.id, operation.query)
        return { ...noEffects, started: [operation.query] }
      case 'alterSource':
        this.#sources.set(operation.source.name, operation.source)
        return noEffects
      case 'dropSource': {
        const creator = this.creatorOf(operation.name)
        this.#sources.delete(operation.name)
        if (creator === undefined) return noEffects
        this.#queries.delete(creator.id)
        return { ...noEffects, stopped: [creator] }
      }
      case 'createType':
        this.#types.set(operation.name, operation.type)
        return noEffects
      case 'dropType':
        this.#types.delete(operation.name)
        return noEffects
      case 'terminate': {
        const stopped = this.#take(operation.queryIds)
        for (const query of stopped) this.#queries.delete(query.id)
        return { ...noEffects, stopped }
      }
      case 'pause':
        return { ...noEffects, paused: this.#setPaused(operation.queryIds, true) }
      case 'terminateCluster': {
        const stopped = [...this.#queries.values()]
        this.#queries.clear()
        this.#sources.clear()
        this.#types.clear()
        return { ...noEffects, stopped }
      }
      case 'resume':
        return { ...noEffects, resumed: this.#setPaused(operation.queryIds, false) }
    }
  }

  #take(ids: readonly string[]): readonly QueryInfo[] {
    return ids.map((id) => {
      const query = this.#queries.get(id)
      assert(query !== undefined, 'an operation names queries that exist')
      return query
    })
  }

  #setPaused(ids: readonly string[], paused: boolean): readonly QueryInfo[] {
    return this.#take(ids).map((query) => {
      const changed = { ...query, paused }
      this.#queries.set(query.id, changed)
      return changed
    })
  }
}
