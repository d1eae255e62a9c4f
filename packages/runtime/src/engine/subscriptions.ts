import { messageOf } from '@varve/base'

import type { ProcessingLog } from '../processing-log/processing-log.ts'
import { undecodableEntry } from '../processing-log/undecodable.ts'
import type { Change } from '../query/change.ts'
import { subscribeTo, type SubscribeOptions } from '../query/subscription.ts'
import type { Environment } from './environment.ts'
import type { SourceAccess } from './source-access.ts'

/** What subscriptions need of their engine. */
export interface SubscriptionsEnvironment {
  readonly environment: Environment
  readonly sources: SourceAccess
  readonly processingLog: ProcessingLog
}

/** The subscriptions of one engine: they end with it. */
export class Subscriptions {
  readonly #of: SubscriptionsEnvironment
  readonly #open = new Set<AbortController>()

  constructor(environment: SubscriptionsEnvironment) {
    this.#of = environment
  }

  /** The committed changes of a source. @throws EngineError when there is no such source */
  open(name: string, options: SubscribeOptions): AsyncGenerator<Change> {
    const { environment, sources, processingLog } = this.#of
    const source = sources.find(name)
    const stop = new AbortController()
    this.#open.add(stop)
    const { key, value } = sources.readers(source)
    return subscribeTo({
      kafka: environment.kafka,
      source,
      keySerde: key,
      valueSerde: value,
      options,
      signal:
        options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]),
      onUndecodable: (record, error) =>
        processingLog.add(
          undecodableEntry(
            `subscription.${source.name}`,
            `subscription_${source.name}`,
            record,
            messageOf(error),
            environment.clock.now(),
          ),
        ),
      onClosed: () => this.#open.delete(stop),
    })
  }

  closeAll(): void {
    for (const stop of this.#open) stop.abort()
  }
}
