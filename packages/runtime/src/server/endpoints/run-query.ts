import type { Session } from '../../engine/session.ts'
import type { PrintHandle } from '../../engine/query-types.ts'
import type { QueryHandle } from '../../engine/query-types.ts'
import type { Exchange } from '../exchange.ts'
import { ErrorCode, HttpError, toErrorAnswer } from '../http-error.ts'
import type { ResultFraming } from '../result-framing.ts'
import type { ServerContext } from '../server-context.ts'

/** Milliseconds after which a silent push query writes something, so that a dead connection is noticed. */
const keepAliveIntervalMs = 10_000

/** Text of this many characters is written at once. */
const chunkCharacters = 16 * 1024

/** Runs a SELECT or PRINT and writes its rows in `framing` until it ends or the client goes away. */
export async function runQuery(
  exchange: Exchange,
  context: ServerContext,
  request: {
    readonly sql: string
    readonly session: Session
    readonly framing: ResultFraming
    readonly printAllowed: boolean
  },
): Promise<void> {
  const query = await context.engine.openQuery(request.sql, {
    session: request.session,
    signal: exchange.signal,
  })
  await using _closing = query
  if (query.kind === 'print') {
    if (!request.printAllowed) {
      throw new HttpError(
        ErrorCode.badRequest,
        'PRINT is answered in the delimited format only',
        406,
      )
    }
    await writeLines(exchange, query)
    return
  }
  exchange.start(200, request.framing.contentType)
  try {
    await writeRows(exchange, query, request.framing)
  } catch (error) {
    if (exchange.gone) return
    await exchange.write(request.framing.error(toErrorAnswer(error).body))
  }
  await exchange.end(request.framing.end(query))
}

async function writeRows(
  exchange: Exchange,
  query: QueryHandle,
  framing: ResultFraming,
): Promise<void> {
  await exchange.write(framing.header(query))
  const keepAlive =
    framing.keepAlive === '' || query.kind === 'pull'
      ? undefined
      : setInterval(() => {
          exchange.write(framing.keepAlive).catch(() => query.close())
        }, keepAliveIntervalMs)
  try {
    for await (const batch of query.batches()) {
      let text = ''
      for (const row of batch) {
        text += framing.row(query, row)
        if (text.length < chunkCharacters) continue
        await exchange.write(text)
        text = ''
      }
      if (text !== '') await exchange.write(text)
    }
  } finally {
    clearInterval(keepAlive)
  }
}

async function writeLines(exchange: Exchange, print: PrintHandle): Promise<void> {
  exchange.start(200, 'text/plain; charset=utf-8')
  try {
    for await (const line of print.lines()) await exchange.write(`${line}\n`)
  } catch (error) {
    if (exchange.gone) return
    await exchange.write(`${JSON.stringify(toErrorAnswer(error).body)}\n`)
  }
  await exchange.end()
}
