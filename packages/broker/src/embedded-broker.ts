import { UnsupportedError } from '@varve/base'
import type { ApiMessages, ApiName, SendOptions, Target, Transport } from '@varve/kafka-protocol'

import type { EmbeddedBrokerOptions } from './broker-options.ts'

/** A single-node Kafka in this process: answers decoded requests over a directory of Kafka's own log files. */
export class EmbeddedBroker implements Transport {
  /** Takes the directory's lock, recovers what a crash left, completes prepared transactions. */
  static open(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
    return Promise.reject(new UnsupportedError(`broker on "${options.directory}"`))
  }

  send<A extends ApiName>(
    _target: Target,
    api: A,
    _request: ApiMessages[A]['request'],
    _options?: SendOptions,
  ): Promise<ApiMessages[A]['response']> {
    return Promise.reject(new UnsupportedError(`request "${api}"`))
  }

  /** Answers waiting fetches, flushes, marks the directory as cleanly closed and releases its lock. Idempotent. */
  close(): Promise<void> {
    return Promise.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
