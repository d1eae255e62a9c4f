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
  const writer = new RowWriter(exchange, query, request.framing)
  try {
    await writer.writeAll()
  } catch (error) {
    if (exchange.gone) return
    writer.add(request.framing.error(query, toErrorAnswer(error).body))
  }
  await writer.end()
}

/** Writes rows in pieces of some size: a push query's as soon as they come, a small pull query's in one. */
class RowWriter {
  readonly #exchange: Exchange
  readonly #query: QueryHandle
  readonly #framing: ResultFraming
  #text = ''

  constructor(exchange: Exchange, query: QueryHandle, framing: ResultFraming) {
    this.#exchange = exchange
    this.#query = query
    this.#framing = framing
  }

  add(text: string): void {
    this.#text += text
  }

  async writeAll(): Promise<void> {
    const isPush = this.#query.kind === 'push'
    this.add(this.#framing.header(this.#query))
    if (isPush) await this.#flush()
    const keepAlive = isPush ? this.#startKeepAlive() : undefined
    try {
      for await (const batch of this.#query.batches()) {
        for (const row of batch) {
          this.add(this.#framing.row(this.#query, row))
          if (this.#text.length >= chunkCharacters) await this.#flush()
        }
        if (isPush) await this.#flush()
      }
    } finally {
      clearInterval(keepAlive)
    }
  }

  async end(): Promise<void> {
    await this.#exchange.end(this.#text + this.#framing.end(this.#query))
  }

  async #flush(): Promise<void> {
    if (this.#text === '') return
    const text = this.#text
    this.#text = ''
    await this.#exchange.write(text)
  }

  #startKeepAlive(): NodeJS.Timeout | undefined {
    const { keepAlive } = this.#framing
    if (keepAlive === '') return undefined
    return setInterval(() => {
      this.#exchange.write(keepAlive).catch(() => this.#query.close())
    }, keepAliveIntervalMs)
  }
}

async function writeLines(exchange: Exchange, print: PrintHandle): Promise<void> {
  exchange.start(200, 'text/plain; charset=utf-8')
  exchange.flushHeaders()
  try {
    for await (const line of print.lines()) await exchange.write(`${line}\n`)
  } catch (error) {
    if (exchange.gone) return
    await exchange.write(`${JSON.stringify(toErrorAnswer(error).body)}\n`)
  }
  await exchange.end()
}
