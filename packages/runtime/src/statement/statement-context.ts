import type { Metastore } from '../catalog/metastore.ts'
import type { Session } from '../engine/session.ts'

/** What planning a statement may look at: the real catalog, or the sandbox in which a script is tried out. */
export interface StatementContext {
  readonly metastore: Metastore
  readonly session: Session
  readonly topics: TopicCatalog
  /** The number that the next query id gets. */
  readonly nextQueryNumber: number
}

/** A topic as far as statements care. */
export interface KnownTopic {
  readonly partitions: number
  readonly replicas: number
}

/** The topics of the broker at one moment, and those a sandboxed script would have created. */
export class TopicCatalog {
  readonly #topics: Map<string, KnownTopic>

  constructor(topics: Iterable<readonly [string, KnownTopic]>) {
    this.#topics = new Map(topics)
  }

  get(name: string): KnownTopic | undefined {
    return this.#topics.get(name)
  }

  add(name: string, topic: KnownTopic): void {
    this.#topics.set(name, topic)
  }

  delete(name: string): void {
    this.#topics.delete(name)
  }

  names(): readonly string[] {
    return [...this.#topics.keys()]
  }

  copy(): TopicCatalog {
    return new TopicCatalog(this.#topics)
  }
}
