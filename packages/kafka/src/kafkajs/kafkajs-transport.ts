import {
  AbortedError,
  InvalidOptionError,
  isVarveError,
  NotOpenError,
  systemClock,
  TimeoutError,
  UnsupportedError,
  VarveError,
  type Clock,
} from '@varve/base'
import {
  apis,
  ErrorCode,
  negotiateVersion,
  type ApiMessages,
  type ApiName,
  type SendOptions,
  type Target,
  type Transport,
} from '@varve/kafka-protocol'
import type { ConnectionOptions } from 'node:tls'

import { KafkaError } from '../errors.ts'
import {
  openCluster,
  type KafkajsBroker,
  type OpenedCluster,
  type SaslOptions,
} from './kafkajs-cluster.ts'

/** Settings of {@link KafkajsTransport}. */
export interface KafkajsTransportOptions {
  /** `host:port` of nodes to begin with. */
  readonly brokers: readonly string[]
  /** Default `varve`. */
  readonly clientId?: string
  readonly ssl?: boolean | ConnectionOptions
  readonly sasl?: SaslOptions
  /** Milliseconds until a connection attempt fails. Default 5,000. */
  readonly connectionTimeoutMs?: number
  readonly clock?: Clock
}

const REQUEST_TIMEOUT_MS = 30_000

/**
 * Apache Kafka as a {@link Transport}: connections, TLS, SASL and the list of nodes are kafkajs's, every request and answer is encoded
 * and decoded by `@varve/kafka-protocol`.
 *
 * A node answers the requests of a connection in order, so a request that waits on purpose holds up what is behind it, perhaps the very
 * request it waits for. Fetches and the group's waiting requests therefore get cluster objects of their own, one at a time, which are
 * kept for the next one.
 */
export class KafkajsTransport implements Transport {
  readonly address: string
  readonly #options: KafkajsTransportOptions
  readonly #clock: Clock
  #main: Promise<OpenedCluster> | undefined
  /** Clusters that no request is waiting on, by lane and node. */
  readonly #idle = new Map<string, OpenedCluster[]>()
  readonly #opened = new Set<OpenedCluster>()
  readonly #closing = new AbortController()
  #turn = 0

  constructor(options: KafkajsTransportOptions) {
    if (options.brokers.length === 0) throw new InvalidOptionError('brokers', 'names no node')
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.address = options.brokers.join(', ')
  }

  async send<A extends ApiName>(
    target: Target,
    api: A,
    request: ApiMessages[A]['request'],
    options: SendOptions = {},
  ): Promise<ApiMessages[A]['response']> {
    if (this.#closing.signal.aborted) throw new NotOpenError('the Kafka connection is closed')
    const timeoutMs = options.timeoutMs ?? REQUEST_TIMEOUT_MS
    const { promise: given, reject } = Promise.withResolvers<never>()
    const timer = this.#clock.setTimer(
      () => reject(new TimeoutError(`${api}: no answer from ${this.address} in ${timeoutMs} ms`)),
      timeoutMs,
    )
    const onAbort = (): void => reject(new AbortedError(`${api} was given up`))
    const signal =
      options.signal === undefined
        ? this.#closing.signal
        : AbortSignal.any([options.signal, this.#closing.signal])
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    const lane = options.lane ?? 'main'
    const answered =
      lane === 'main'
        ? this.#exchange(target, api, request, timeoutMs)
        : this.#exchangeAlone(lane, target, api, request, timeoutMs, signal)
    try {
      return await Promise.race([answered, given])
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', onAbort)
      // Whatever comes of it later concerns nobody; kafkajs ends it by its own time-out.
      answered.catch(() => undefined)
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new NotOpenError('the Kafka connection was closed'))
    await Promise.all([...this.#opened].map((opened) => this.#end(opened)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Over connections that nothing else uses meanwhile. */
  async #exchangeAlone<A extends ApiName>(
    lane: 'fetch' | 'group',
    target: Target,
    api: A,
    request: ApiMessages[A]['request'],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ApiMessages[A]['response']> {
    const key = `${lane}/${target.kind === 'node' ? target.nodeId : target.kind}`
    let idle = this.#idle.get(key)
    if (idle === undefined) this.#idle.set(key, (idle = []))
    let opened = idle.pop()
    const onAbort = (): void => {
      // An abandoned fetch is answered within its wait, after which its connection serves the next; a join may wait for minutes.
      if (lane === 'group' && opened !== undefined) this.#endSoon(opened)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      opened ??= await this.#open().catch((error: unknown) => {
        throw this.#translate(api, error)
      })
      const response = await this.#exchange(target, api, request, timeoutMs, opened)
      if (this.#opened.has(opened)) idle.push(opened)
      return response
    } catch (error) {
      if (opened !== undefined) await this.#end(opened)
      throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #exchange<A extends ApiName>(
    target: Target,
    api: A,
    request: ApiMessages[A]['request'],
    timeoutMs: number,
    over?: OpenedCluster,
  ): Promise<ApiMessages[A]['response']> {
    try {
      const broker = await this.#find(target, over ?? (await this.#shared()))
      const { key, flexibleSince, encodeRequest, decodeResponse } = apis[api]
      const range = broker.versions?.[key]
      const version = range === undefined ? undefined : negotiateVersion(api, range)
      if (version === undefined) {
        throw new UnsupportedError(
          `${api} is not spoken by the node at ${broker.connectionPool.host}:${broker.connectionPool.port} in a version known here`,
        )
      }
      const body = encodeRequest(version, request)
      const isFlexible = version >= flexibleSince
      const answer = await broker.connectionPool.send({
        requestTimeout: timeoutMs,
        logResponseError: false,
        request: {
          apiKey: key,
          apiVersion: version,
          apiName: api,
          encode: () => Promise.resolve(toEncoder(body, isFlexible)),
        },
        response: {
          decode: (payload) => Promise.resolve({ payload, clientSideThrottleTime: 0 }),
          parse: ({ payload }) => Promise.resolve(payload),
        },
      })
      // kafkajs takes the correlation id off; a flexible header ends with a tag section, which is empty.
      const tags = isFlexible && api !== 'ApiVersions' ? 1 : 0
      return decodeResponse(
        version,
        new Uint8Array(answer.buffer, answer.byteOffset + tags, answer.length - tags),
      )
    } catch (error) {
      throw this.#translate(api, error)
    }
  }

  async #find(target: Target, opened: OpenedCluster): Promise<KafkajsBroker> {
    const { cluster } = opened
    switch (target.kind) {
      case 'node':
        return cluster.findBroker({ nodeId: String(target.nodeId) })
      case 'controller':
        await cluster.refreshMetadata()
        return cluster.findControllerBroker()
      case 'any': {
        const nodeIds = cluster.getNodeIds()
        const turn = this.#turn++
        let failure: unknown
        for (let index = 0; index < nodeIds.length; index++) {
          const nodeId = nodeIds[(turn + index) % nodeIds.length]!
          try {
            return await cluster.findBroker({ nodeId })
          } catch (error) {
            failure = error
          }
        }
        // None of the nodes it knew can be reached: the next request begins again from the addresses given.
        this.#main = undefined
        await this.#end(opened)
        throw failure ?? new Error('no node is known')
      }
    }
  }

  /** The cluster of all requests that are answered at once, and of Fetch. */
  #shared(): Promise<OpenedCluster> {
    this.#main ??= this.#open().catch((error: unknown) => {
      this.#main = undefined
      throw error
    })
    return this.#main
  }

  async #open(): Promise<OpenedCluster> {
    const { ssl, sasl } = this.#options
    const opened = openCluster({
      brokers: this.#options.brokers,
      clientId: this.#options.clientId ?? 'varve',
      connectionTimeoutMs: this.#options.connectionTimeoutMs ?? 5000,
      ...(ssl === undefined ? {} : { ssl }),
      ...(sasl === undefined ? {} : { sasl }),
    })
    this.#opened.add(opened)
    try {
      // One round over the addresses; each attempt of kafkajs takes the next.
      for (let left = this.#options.brokers.length; ; left--) {
        try {
          await opened.cluster.connect()
          break
        } catch (error) {
          if (left <= 1) throw error
        }
      }
      await opened.cluster.refreshMetadata()
      if (this.#closing.signal.aborted) throw new NotOpenError('the Kafka connection was closed')
      return opened
    } catch (error) {
      await this.#end(opened)
      throw error
    }
  }

  #endSoon(opened: OpenedCluster): void {
    // What fails while a connection is being thrown away is of no interest.
    this.#end(opened).catch(() => undefined)
  }

  async #end(opened: OpenedCluster): Promise<void> {
    this.#opened.delete(opened)
    opened.destroySockets()
    await opened.cluster.disconnect()
  }

  /** No kafkajs error leaves this folder. */
  #translate(api: ApiName, error: unknown): unknown {
    if (isVarveError(error)) return error
    if (!(error instanceof Error)) return new VarveError('VARVE_KAFKA', `${api}: ${String(error)}`)
    const where = `at ${this.address}`
    switch (error.name) {
      case 'KafkaJSRequestTimeoutError':
      case 'KafkaJSTimeout':
      case 'KafkaJSLockTimeout':
        return new TimeoutError(`${api}: ${error.message} ${where}`)
      case 'KafkaJSSASLAuthenticationError':
        return new KafkaError(ErrorCode.SASL_AUTHENTICATION_FAILED, `connection ${where}`, {
          brokerMessage: error.message,
        })
      case 'TypeError':
      case 'RangeError':
        return error
      default:
        return new VarveError('VARVE_KAFKA', `${api}: ${error.message} ${where}`)
    }
  }
}

/** What kafkajs takes for an encoder: one buffer. In flexible versions the header's empty tag section comes before the body. */
function toEncoder(
  body: Uint8Array,
  isFlexible: boolean,
): { buf: Buffer; buffer: Buffer; size(): number } {
  const tags = isFlexible ? 1 : 0
  const buffer = Buffer.allocUnsafe(body.length + tags)
  if (isFlexible) buffer[0] = 0
  buffer.set(body, tags)
  return { buf: buffer, buffer, size: () => buffer.length }
}
