import type { QueryState } from '../result/entities.ts'

/** Something a query could not do with a record, or a failure of the query itself. */
export interface ProcessingLogEntry {
  readonly level: 'ERROR' | 'WARN'
  /** `processing.<query id>.<step>`. */
  readonly logger: string
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly queryId: string
  readonly type:
    | 'deserializationError'
    | 'recordProcessingError'
    | 'productionError'
    | 'serializationError'
    | 'kafkaStreamsThreadError'
  readonly message: string
  /** Where the record lies, when it is known. */
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  /** Messages of the causes, outermost first. */
  readonly cause: readonly string[]
}

/** Events of an engine, by name. */
export interface EngineEvents {
  'query-state': { readonly queryId: string; readonly state: QueryState; readonly error?: unknown }
  'processing-log': ProcessingLogEntry
  'query-created': { readonly queryId: string; readonly sink: string }
  'query-dropped': { readonly queryId: string }
  /** The command log cannot be followed any further; the engine serves what it has and accepts nothing new. */
  degraded: { readonly reason: string; readonly error?: unknown }
}

/** A small typed emitter. A listener that throws does not keep the others from hearing; its error is handed to `onListenerError`. */
export class EventEmitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>()
  readonly #onListenerError: (error: unknown) => void

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError
  }

  /** Calls `listener` at each event until the returned function is called. */
  on<E extends keyof Events>(event: E, listener: (event: Events[E]) => void): () => void {
    let listeners = this.#listeners.get(event)
    if (listeners === undefined) this.#listeners.set(event, (listeners = new Set()))
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  emit<E extends keyof Events>(event: E, payload: Events[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        ;(listener as (event: Events[E]) => void)(payload)
      } catch (error) {
        this.#onListenerError(error)
      }
    }
  }
}
