/** An engine in a process of its own: `engine-child.ts DIRECTORY BROKERS REGISTRY SERVICE`; takes statements and queries as messages. */
import { Engine } from '@varve/runtime'

/** What the parent sends. */
export type Request =
  | { readonly id: number; readonly kind: 'execute'; readonly sql: string }
  | { readonly id: number; readonly kind: 'query'; readonly sql: string }

/** What it gets back, after a first message `ready`. */
export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'error'; readonly id: number; readonly message: string }
  | { readonly kind: 'rows'; readonly id: number; readonly rows: readonly string[] }

const [directory, brokers, url, serviceId] = process.argv.slice(2)
const send = (answer: Answer): void => void process.send!(answer)

const engine = await Engine.open({
  directory: directory!,
  kafka: { brokers: [brokers!] },
  schemaRegistry: { url: url! },
  serviceId: serviceId!,
  config: { 'ksql.query.retry.backoff.initial.ms': 500, 'ksql.query.retry.backoff.max.ms': 2_000 },
})
engine.on('query-state', ({ queryId, state, error }) => {
  if (error !== undefined) console.error(`query ${queryId} ${state}: ${String(error)}`)
})
engine.on('processing-log', ({ logger, message }) => console.error(`${logger}: ${message}`))

process.on('message', (request: Request) => {
  answer(request).catch((error: unknown) =>
    send({ kind: 'error', id: request.id, message: String(error) }),
  )
})
send({ kind: 'ready' })

async function answer({ id, kind, sql }: Request): Promise<void> {
  if (kind === 'execute') {
    await engine.execute(sql, { properties: { 'auto.offset.reset': 'earliest' } })
    return send({ kind: 'rows', id, rows: [] })
  }
  const rows = await engine.query(sql)
  send({ kind: 'rows', id, rows: rows.map((row) => Object.values(row).join('\t')) })
}
