import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'

import { assert } from '@varve/base'
import kafkajs from 'kafkajs'

/** The members of a kafkajs broker that are used here; kafkajs declares fewer. */
export interface KafkajsBroker {
  readonly versions: Readonly<
    Record<number, { readonly minVersion: number; readonly maxVersion: number } | undefined>
  > | null
  readonly connectionPool: {
    readonly host: string
    readonly port: number
    send(request: {
      readonly requestTimeout: number
      readonly logResponseError: boolean
      readonly request: {
        readonly apiKey: number
        readonly apiVersion: number
        readonly apiName: string
        readonly encode: () => Promise<{
          readonly buf: Buffer
          readonly buffer: Buffer
          size(): number
        }>
      }
      readonly response: {
        readonly decode: (
          payload: Buffer,
        ) => Promise<{ readonly payload: Buffer; readonly clientSideThrottleTime: number }>
        readonly parse: (decoded: { readonly payload: Buffer }) => Promise<Buffer>
      }
    }): Promise<Buffer>
  }
}

interface KafkajsRequestQueue {
  readonly pending: { readonly length: number }
  readonly throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  checkPendingRequests(): void
  scheduleCheckPendingRequests: () => void
}

interface KafkajsConnectionPoolBuilder {
  build: (address?: object) => Promise<{
    readonly pool: readonly { readonly requestQueue: KafkajsRequestQueue }[]
  }>
}

/** The members of a kafkajs cluster that are used here. */
interface KafkajsCluster {
  readonly connectionPoolBuilder: KafkajsConnectionPoolBuilder
  connect(): Promise<void>
  disconnect(): Promise<void>
  refreshMetadata(): Promise<void>
  getNodeIds(): string[]
  findBroker(node: { readonly nodeId: string }): Promise<KafkajsBroker>
  findControllerBroker(): Promise<KafkajsBroker>
}

/** Credentials for SASL. */
export type SaslOptions =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<string> }

/** How nodes are reached. */
export interface ConnectionSettings {
  readonly brokers: readonly string[]
  readonly clientId: string
  /** True: TLS with the system's authorities. */
  readonly ssl?: boolean | ConnectionOptions
  readonly sasl?: SaslOptions
  readonly connectionTimeoutMs: number
}

/** A cluster object with its own connections, and the sockets it opened. */
export interface OpenedCluster {
  readonly cluster: KafkajsCluster
  /** Ends all connections at once: answers still on their way are given up. */
  destroySockets(): void
}

/**
 * Gets a cluster object out of kafkajs: an assigner factory is called with the one that a consumer would use. The consumer itself is
 * never run.
 */
export function openCluster(settings: ConnectionSettings): OpenedCluster {
  const sockets = new Set<Socket>()
  const { sasl, ssl } = settings
  const client = new kafkajs.Kafka({
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    connectionTimeout: settings.connectionTimeoutMs,
    authenticationTimeout: settings.connectionTimeoutMs * 3,
    requestTimeout: 10_000,
    // Retrying is decided above: here an attempt is an attempt.
    retry: { retries: 0 },
    logLevel: kafkajs.logLevel.NOTHING,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl: toKafkajsSasl(sasl) }),
    socketFactory: ({ host, port, ssl: tls, onConnect }) => {
      // Without TLS kafkajs passes null, whatever its types say.
      const secure = (tls as ConnectionOptions | null | undefined) ?? undefined
      const servername = isIP(host) === 0 ? { servername: host } : {}
      const socket: Socket =
        secure === undefined
          ? connectTcp({ host, port }, onConnect)
          : connectTls({ host, port, ...servername, ...secure }, onConnect)
      socket.setKeepAlive(true, 60_000)
      socket.setNoDelay(true)
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      return socket
    },
  })
  let cluster: KafkajsCluster | undefined
  client.consumer({
    groupId: 'unused',
    partitionAssigners: [
      (given) => {
        cluster = given.cluster as unknown as KafkajsCluster
        return {
          name: 'unused',
          version: 0,
          protocol: () => ({ name: 'unused', metadata: Buffer.alloc(0) }),
          assign: () => Promise.resolve([]),
        }
      },
    ],
  })
  assert(cluster !== undefined, 'kafkajs hands its cluster to assigners')
  calmQueues(cluster.connectionPoolBuilder)
  return {
    cluster,
    destroySockets() {
      // With an error: only then does kafkajs give up the requests on their way.
      for (const socket of sockets) socket.destroy(new Error('the connection was closed'))
    },
  }
}

/** As written, each connection wakes up every millisecond for ever, from its first answer on. It need do so only while requests wait. */
function calmQueues(builder: KafkajsConnectionPoolBuilder): void {
  const build = builder.build.bind(builder)
  builder.build = async (address) => {
    const connections = await build(address)
    for (const { requestQueue } of connections.pool) {
      requestQueue.scheduleCheckPendingRequests = () => {
        if (requestQueue.pending.length === 0 || requestQueue.throttleCheckTimeoutId !== null) {
          return
        }
        requestQueue.throttleCheckTimeoutId = setTimeout(
          () => {
            requestQueue.throttleCheckTimeoutId = null
            requestQueue.checkPendingRequests()
          },
          Math.max(requestQueue.throttledUntil - Date.now(), 10),
        )
      }
    }
    return connections
  }
}

function toKafkajsSasl(sasl: SaslOptions): kafkajs.SASLOptions {
  if (sasl.mechanism !== 'oauthbearer') return { ...sasl } as kafkajs.SASLOptions
  return {
    mechanism: 'oauthbearer',
    oauthBearerProvider: async () => ({ value: await sasl.token() }),
  }
}
