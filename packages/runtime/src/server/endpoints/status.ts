import type { Exchange } from '../exchange.ts'
import { ErrorCode, HttpError } from '../http-error.ts'
import type { ServerContext } from '../server-context.ts'

/** Version that `/info` tells: clients compare it with ksqlDB's, whose surface this is. */
export const serverVersion = '8.0.0'

/** `GET /info` */
export async function getInfo(exchange: Exchange, { engine }: ServerContext): Promise<void> {
  await exchange.answerJson(200, {
    KsqlServerInfo: {
      version: serverVersion,
      kafkaClusterId: engine.clusterId,
      ksqlServiceId: engine.serviceId,
      serverStatus: engine.status === 'running' ? 'RUNNING' : 'DEGRADED',
    },
  })
}

/** `GET /healthcheck`: the body tells the truth, the status stays 200. */
export async function getHealthcheck(exchange: Exchange, { engine }: ServerContext): Promise<void> {
  const health = await engine.health()
  await exchange.answerJson(200, {
    isHealthy: health.metastore && health.kafka && health.commandRunner,
    details: {
      metastore: { isHealthy: health.metastore },
      kafka: { isHealthy: health.kafka },
      commandRunner: { isHealthy: health.commandRunner },
    },
    serverState: 'READY',
  })
}

/** `GET /status`: all commands. */
export async function getStatuses(exchange: Exchange, { engine }: ServerContext): Promise<void> {
  const commandStatuses: Record<string, string> = {}
  for (const [id, status] of engine.commandStatuses()) commandStatuses[id] = status.status
  await exchange.answerJson(200, { commandStatuses })
}

/** `GET /status/{type}/{entity}/{action}`: one command. */
export async function getStatus(exchange: Exchange, { engine }: ServerContext): Promise<void> {
  const id = decodeURIComponent(exchange.path.slice('/status/'.length))
  const status = engine.commandStatus(id)
  if (status === undefined) throw new HttpError(ErrorCode.notFound, 'Command not found')
  await exchange.answerJson(200, status)
}

/** `GET /is_valid_property/{name}` */
export async function getIsValidProperty(
  exchange: Exchange,
  { engine }: ServerContext,
): Promise<void> {
  const name = decodeURIComponent(exchange.path.slice('/is_valid_property/'.length))
  engine.checkProperty(name)
  await exchange.answerJson(200, true)
}

/** `GET /clusterStatus`: empty, as ksqlDB answers when servers exchange no heartbeats. */
export async function getClusterStatus(exchange: Exchange): Promise<void> {
  await exchange.answerJson(200, { clusterStatus: {} })
}

/** `GET /v1/metadata` */
export async function getMetadata(exchange: Exchange, { engine }: ServerContext): Promise<void> {
  await exchange.answerJson(200, {
    version: serverVersion,
    clusterId: {
      scope: {
        path: [],
        clusters: { 'kafka-cluster': engine.clusterId, 'ksql-cluster': engine.serviceId },
      },
      id: '',
    },
  })
}
