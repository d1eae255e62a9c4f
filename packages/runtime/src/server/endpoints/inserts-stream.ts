import type { RowInserter } from '../../engine/row-inserter.ts'
import { parseExactJson } from '../../result/exact-json.ts'
import type { Exchange } from '../exchange.ts'
import { ErrorCode, HttpError, toErrorAnswer } from '../http-error.ts'
import { MediaType, negotiate } from '../media-type.ts'
import { parseJsonObject } from '../exchange.ts'
import { requireText } from '../request-body.ts'
import type { ServerContext } from '../server-context.ts'

/** Rows of one request that may wait for their acknowledgement; more are not read. */
const unacknowledgedRowsMax = 256

/**
 * `POST /inserts-stream`: a line that names the target, then one JSON object a line; one acknowledgement for each, in the order of
 * the rows. Row errors are acknowledged as such; JSON that does not parse ends the stream.
 */
export async function postInsertsStream(exchange: Exchange, context: ServerContext): Promise<void> {
  const type = negotiate(exchange.headers.accept, [MediaType.delimited, MediaType.json])
  const lines = exchange.readLines(context.limits.lineBytesMax)
  const first = await lines.next()
  if (first.done === true)
    throw new HttpError(ErrorCode.badRequest, 'No target line in the request')
  const target = requireText(parseJsonObject(first.value), 'target')
  const inserter = await context.engine.openInserter(target)
  exchange.start(200, type)
  exchange.flushHeaders()
  const acknowledgements = new AcknowledgementWriter(exchange, type === MediaType.json)
  await acknowledgements.begin()
  let sequence = 0
  const waiting: Promise<string>[] = []
  const drain = async (count: number): Promise<void> => {
    for (const text of await Promise.all(waiting.splice(0, count)))
      await acknowledgements.write(text)
  }
  try {
    for await (const line of lines) {
      waiting.push(insertLine(inserter, line, sequence++))
      if (waiting.length >= unacknowledgedRowsMax) await drain(waiting.length / 2)
    }
  } catch (error) {
    await drain(waiting.length)
    if (exchange.gone) return
    await acknowledgements.write(errorText(error, sequence))
  }
  await drain(waiting.length)
  await acknowledgements.end()
}

async function insertLine(inserter: RowInserter, line: string, sequence: number): Promise<string> {
  try {
    const row = parseExactJson(line)
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw new HttpError(ErrorCode.badRequest, 'Invalid JSON in request: a row is an object')
    }
    await inserter.insert(row as Record<string, unknown>)
    return JSON.stringify({ status: 'ok', seq: sequence })
  } catch (error) {
    return errorText(error, sequence)
  }
}

function errorText(error: unknown, sequence: number): string {
  const { body } = toErrorAnswer(
    error instanceof SyntaxError
      ? new HttpError(ErrorCode.badRequest, `Invalid JSON in inserts stream: ${error.message}`)
      : error,
  )
  return JSON.stringify({
    status: 'error',
    seq: sequence,
    '@type': 'generic_error',
    error_code: body.error_code === ErrorCode.badStatement ? ErrorCode.badRequest : body.error_code,
    message: body.message,
  })
}

/** Writes acknowledgements as lines or as one JSON array. */
class AcknowledgementWriter {
  readonly #exchange: Exchange
  readonly #array: boolean
  #count = 0

  constructor(exchange: Exchange, array: boolean) {
    this.#exchange = exchange
    this.#array = array
  }

  async begin(): Promise<void> {
    if (this.#array) await this.#exchange.write('[')
  }

  async write(text: string): Promise<void> {
    const separator = this.#array && this.#count > 0 ? ',\n' : ''
    this.#count += 1
    await this.#exchange.write(this.#array ? separator + text : `${text}\n`)
  }

  async end(): Promise<void> {
    await this.#exchange.end(this.#array ? ']' : '')
  }
}
