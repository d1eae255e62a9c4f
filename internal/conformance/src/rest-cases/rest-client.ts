import { JsonObject, isArray, type Json } from '../json/json-value.ts'
import { parseJson } from '../json/parse-json.ts'

/** A request that the server refused. */
export class RestError extends Error {
  readonly status: number
  readonly body: Json

  constructor(status: number, body: Json) {
    const message = body instanceof JsonObject ? body.get('message') : undefined
    super(typeof message === 'string' ? message : `status ${status}`)
    this.status = status
    this.body = body
  }
}

const jsonRows = 'application/vnd.ksql.v1+json'
const protobufRows = 'application/vnd.ksql.v1+protobuf'

/** Speaks ksqlDB's HTTP API as its own older client does. */
export class RestClient {
  readonly #url: string
  readonly #properties: Readonly<Record<string, unknown>>

  /** `properties` go with every request. */
  constructor(url: string, properties: Readonly<Record<string, unknown>>) {
    this.#url = url
    this.#properties = properties
  }

  /** Sends statements in one request; resolves to the answers of those that have one. @throws RestError */
  async execute(sql: string): Promise<readonly Json[]> {
    const response = await this.#post('/ksql', sql, jsonRows)
    const body = parseJson(await response.text())
    if (!isArray(body)) throw new Error('the answer to statements is no list')
    return body
  }

  /** Starts a query. @throws RestError */
  async query(sql: string, options: { readonly protobuf: boolean }): Promise<RowStream> {
    const response = await this.#post('/query', sql, options.protobuf ? protobufRows : jsonRows)
    return new RowStream(response)
  }

  async #post(path: string, sql: string, accept: string): Promise<Response> {
    const response = await fetch(`${this.#url}${path}`, {
      method: 'POST',
      headers: { accept, 'content-type': jsonRows },
      body: JSON.stringify({ ksql: sql, streamsProperties: this.#properties }),
    })
    if (response.ok) return response
    throw new RestError(response.status, parseBody(await response.text()))
  }
}

function parseBody(text: string): Json {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}

/** The elements of an answer to `/query`: one JSON array, an element a line, sent bit by bit. */
export class RowStream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()
  readonly #ready: Json[] = []
  #pending: ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']> | undefined
  #text = ''
  #ended = false

  constructor(response: Response) {
    if (response.body === null) throw new Error('the answer has no body')
    this.#reader = response.body.getReader()
  }

  /** The next element; `undefined` when the answer has ended. Rejects after `timeoutMs` without one. */
  async next(timeoutMs: number): Promise<Json | undefined> {
    const deadline = performance.now() + timeoutMs
    while (this.#ready.length === 0) {
      if (this.#ended) return undefined
      await this.#read(deadline - performance.now())
    }
    return this.#ready.shift()
  }

  async close(): Promise<void> {
    await this.#reader.cancel()
  }

  async #read(timeoutMs: number): Promise<void> {
    this.#pending ??= this.#reader.read()
    const { promise: timedOut, resolve } = Promise.withResolvers<'timeout'>()
    const timer = setTimeout(() => resolve('timeout'), Math.max(0, timeoutMs))
    const result = await Promise.race([this.#pending, timedOut])
    clearTimeout(timer)
    if (result === 'timeout') throw new RowTimeout('no further row came in time')
    this.#pending = undefined
    this.#text += this.#decoder.decode(result.value, { stream: !result.done })
    this.#ended = result.done
    const lines = this.#text.split('\n')
    this.#text = this.#ended ? '' : lines.pop()!
    for (const line of lines) {
      if (!this.#element(line)) throw new Error(`no row: ${line}`)
    }
    // The last element may stand there whole before its line ends.
    if (this.#text !== '' && this.#element(this.#text)) this.#text = ''
  }

  /** Takes an element with its share of the array's punctuation; `false` when it is not one, or not whole. */
  #element(line: string): boolean {
    const text = line.trim().replace(/^[[,]/, '').trim()
    if (text === '' || text === ']') return true
    for (const candidate of [text, text.replace(/[,\]]$/, '')]) {
      try {
        this.#ready.push(parseJson(candidate))
        return true
      } catch {
        continue
      }
    }
    return false
  }
}

/** A row that was waited for did not come. */
export class RowTimeout extends Error {}
