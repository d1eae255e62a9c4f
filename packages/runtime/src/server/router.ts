import type { Exchange } from './exchange.ts'
import { postCloseQuery } from './endpoints/close-query.ts'
import { postInsertsStream } from './endpoints/inserts-stream.ts'
import { postKsql } from './endpoints/ksql.ts'
import { getMetrics } from './endpoints/metrics.ts'
import { postQueryStream } from './endpoints/query-stream.ts'
import { postQuery } from './endpoints/query.ts'
import {
  getClusterStatus,
  getHealthcheck,
  getInfo,
  getIsValidProperty,
  getMetadata,
  getStatus,
  getStatuses,
} from './endpoints/status.ts'
import { postSubscribe } from './endpoints/subscribe.ts'
import { postTerminate } from './endpoints/terminate.ts'
import type { ServerContext } from './server-context.ts'

/** Answers one request. */
export type Endpoint = (exchange: Exchange, context: ServerContext) => Promise<void>

const exact: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['GET /', (exchange) => exchange.answer(307, '', { location: '/info' })],
  ['POST /ksql', postKsql],
  ['POST /ksql/terminate', postTerminate],
  ['POST /query', postQuery],
  ['POST /query-stream', postQueryStream],
  ['POST /inserts-stream', postInsertsStream],
  ['POST /close-query', postCloseQuery],
  ['POST /subscribe', postSubscribe],
  ['GET /info', getInfo],
  ['GET /healthcheck', getHealthcheck],
  ['GET /chc/ready', (exchange) => exchange.answerJson(200, {})],
  ['GET /chc/live', (exchange) => exchange.answerJson(200, {})],
  ['GET /status', getStatuses],
  ['GET /clusterStatus', getClusterStatus],
  ['GET /metrics', getMetrics],
  ['GET /v1/metadata', getMetadata],
])

const byPrefix: readonly (readonly [string, Endpoint])[] = [
  ['GET /status/', getStatus],
  ['GET /is_valid_property/', getIsValidProperty],
]

/** The endpoint of a method and path; `undefined` when there is none. */
export function findEndpoint(method: string, path: string): Endpoint | undefined {
  const wanted = `${method} ${path}`
  return exact.get(wanted) ?? byPrefix.find(([prefix]) => wanted.startsWith(prefix))?.[1]
}
