import { connect as connectTcp, type Socket } from 'node:net'
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

/** The members of a kafkajs cluster that are used here. */
export interface KafkajsCluster {
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
      const socket: Socket =
        tls === undefined || (tls as unknown) === false
          ? connectTcp({ host, port }, onConnect)
          : connectTls({ host, port, servername: host, ...(tls as ConnectionOptions) }, onConnect)
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
  return {
    cluster,
    destroySockets() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

function toKafkajsSasl(sasl: SaslOptions): kafkajs.SASLOptions {
  if (sasl.mechanism !== 'oauthbearer') return { ...sasl } as kafkajs.SASLOptions
  return {
    mechanism: 'oauthbearer',
    oauthBearerProvider: async () => ({ value: await sasl.token() }),
  }
}
