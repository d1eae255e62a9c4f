import type { Exchange } from '../exchange.ts'
import { formatPrometheus } from '../prometheus.ts'
import type { ServerContext } from '../server-context.ts'

/** `GET /metrics` in Prometheus' text format. */
export async function getMetrics(exchange: Exchange, { engine }: ServerContext): Promise<void> {
  await exchange.answer(200, formatPrometheus(engine.metrics()), {
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
  })
}
