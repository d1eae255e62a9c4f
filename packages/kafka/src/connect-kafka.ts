import type { ConnectionOptions } from 'node:tls'

import { NotOpenError, type Clock, type Random } from '@varve/base'
import type { ApiMessages, ApiName, SendOptions, Target, Transport } from '@varve/kafka-protocol'

import type { Kafka } from './client.ts'
import { KafkaClient } from './create-kafka.ts'
import type { KafkajsTransportOptions, SaslOptions } from './kafkajs/index.ts'

/** Where {@link connectKafka} leads: to an Apache Kafka, or to a broker in this process. */
export type ConnectKafkaOptions = (
  | {
      /** `host:port` of nodes to begin with. */
      readonly brokers: readonly string[]
      readonly ssl?: boolean | ConnectionOptions
      readonly sasl?: SaslOptions
      readonly connectionTimeoutMs?: number
    }
  | {
      /** Stays its owner's: closing the client does not close it. */
      readonly broker: Transport
    }
) & {
  readonly clientId?: string
  readonly requestDeadlineMs?: number
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * A client for an Apache Kafka or for a broker in this process. Nothing is connected before the first request.
 *
 * @example
 * ```ts
 * await using kafka = connectKafka({ brokers: ['localhost:9092'] })
 * ```
 */
export function connectKafka(options: ConnectKafkaOptions): Kafka {
  if ('broker' in options) return new KafkaClient({ ...options, transport: options.broker })
  const transport = new LazyKafkajsTransport(options)
  return new KafkaClient({ ...options, transport }, () => transport.close())
}

/** Loads kafkajs when it is first needed: whoever stays in process never pays for it. */
class LazyKafkajsTransport implements Transport {
  readonly address: string
  readonly #options: KafkajsTransportOptions
  #transport: Promise<Transport> | undefined
  #closed = false

  constructor(options: KafkajsTransportOptions) {
    this.#options = options
    this.address = options.brokers.join(', ')
  }

  async send<A extends ApiName>(
    target: Target,
    api: A,
    request: ApiMessages[A]['request'],
    options?: SendOptions,
  ): Promise<ApiMessages[A]['response']> {
    if (this.#closed) throw new NotOpenError('the Kafka connection is closed')
    this.#transport ??= import('./kafkajs/index.ts').then(
      ({ KafkajsTransport }) => new KafkajsTransport(this.#options),
    )
    return (await this.#transport).send(target, api, request, options)
  }

  async close(): Promise<void> {
    this.#closed = true
    await (await this.#transport)?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
