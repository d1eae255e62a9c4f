import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'

import { ErrorCode, HttpError } from './http-error.ts'

/** The client went away before the answer was complete. */
export class ClientGoneError extends Error {
  constructor() {
    super('the client closed the connection')
    this.name = 'ClientGoneError'
  }
}

/**
 * One request and its answer, the same for HTTP/1.1 and HTTP/2.
 *
 * Writing waits for a slow client: {@link write} resolves once the socket takes more.
 */
export class Exchange {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly isHttp2: boolean
  readonly headers: IncomingHttpHeaders
  /** Fires when the client goes away, the answer ends, or the server stops. */
  readonly signal: AbortSignal
  readonly #request: IncomingMessage | Http2ServerRequest
  /** HTTP/2's compatibility answer has the methods used here in the same form. */
  readonly #response: ServerResponse
  readonly #gone = new AbortController()

  constructor(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    stopping: AbortSignal,
  ) {
    this.#request = request
    this.#response = response as ServerResponse
    this.method = request.method ?? 'GET'
    const url = request.url ?? '/'
    const mark = url.indexOf('?')
    this.path = mark === -1 ? url : url.slice(0, mark)
    this.query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1))
    this.isHttp2 = request.httpVersionMajor === 2
    this.headers = request.headers
    this.signal = AbortSignal.any([this.#gone.signal, stopping])
    response.on('close', () => this.#gone.abort(new ClientGoneError()))
    response.on('error', () => this.#gone.abort(new ClientGoneError()))
    request.on('error', () => this.#gone.abort(new ClientGoneError()))
  }

  /** Whether nobody is there any more to be answered. */
  get gone(): boolean {
    return this.#gone.signal.aborted
  }

  /** Whether status and headers are out already. */
  get started(): boolean {
    return this.#response.headersSent
  }

  /** The whole body as text. @throws HttpError 413 beyond `bytesMax` */
  async readText(bytesMax: number): Promise<string> {
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of this.chunks()) {
      length += chunk.length
      if (length > bytesMax) throw tooLarge(bytesMax)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  }

  /** The body as JSON; an empty one is `{}`. */
  async readJson(bytesMax: number): Promise<Record<string, unknown>> {
    const text = await this.readText(bytesMax)
    if (text.trim() === '') return {}
    return parseJsonObject(text)
  }

  /** Lines of the body as they come, blank ones left out; reading stops while the caller is busy. */
  async *readLines(lineBytesMax: number): AsyncGenerator<string> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of this.chunks()) {
      rest += decoder.decode(chunk, { stream: true })
      for (;;) {
        const end = rest.indexOf('\n')
        if (end === -1) break
        const line = rest.slice(0, end).trim()
        rest = rest.slice(end + 1)
        if (line !== '') yield line
      }
      if (rest.length > lineBytesMax) throw tooLarge(lineBytesMax)
    }
    rest += decoder.decode()
    if (rest.trim() !== '') yield rest.trim()
  }

  private async *chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of this.#request) yield chunk as Buffer
  }

  /** Sends status and headers of an answer that is written piece by piece. */
  start(status: number, contentType: string): void {
    this.#response.writeHead(status, {
      'content-type': contentType,
      ...(this.isHttp2 ? {} : { 'x-content-type-options': 'nosniff' }),
    })
  }

  /** Sends the headers before there is anything to write. */
  flushHeaders(): void {
    // HTTP/2 sends headers at once and has no such method.
    if (!this.isHttp2) this.#response.flushHeaders()
  }

  /** Writes a piece; resolves when the client has room for more. @throws ClientGoneError */
  async write(text: string): Promise<void> {
    this.#gone.signal.throwIfAborted()
    const response = this.#response
    // Bytes, not text: Node's HTTP/2 garbles text when a second piece is written before the first is sent.
    if (response.write(Buffer.from(text, 'utf8'))) return
    await new Promise<void>((resolve, reject) => {
      const onDrain = (): void => {
        this.#gone.signal.removeEventListener('abort', onGone)
        resolve()
      }
      const onGone = (): void => {
        response.off('drain', onDrain)
        reject(new ClientGoneError())
      }
      response.once('drain', onDrain)
      this.#gone.signal.addEventListener('abort', onGone, { once: true })
    })
  }

  /** Ends the answer. */
  end(body: string | Uint8Array = ''): Promise<void> {
    const response = this.#response
    return new Promise((resolve) => {
      const { signal } = this.#gone
      if (signal.aborted) return resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
      response.end(typeof body === 'string' ? Buffer.from(body, 'utf8') : body, () => resolve())
    })
  }

  /** A complete answer. */
  async answer(
    status: number,
    text: string,
    headers: Readonly<Record<string, string>> = { 'content-type': jsonType },
  ): Promise<void> {
    const body = Buffer.from(text, 'utf8')
    this.#response.writeHead(status, { ...headers, 'content-length': body.length })
    await this.end(body)
  }

  /** A complete JSON answer. */
  answerJson(status: number, body: unknown): Promise<void> {
    return this.answer(status, JSON.stringify(body))
  }

  /** Ends an answer that cannot be completed: the client sees a broken transfer instead of a short one. */
  destroy(): void {
    this.#response.destroy()
  }
}

/** Media type of plain JSON answers. */
const jsonType = 'application/json'

/** Parses a JSON object. @throws HttpError 40000 */
export function parseJsonObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new HttpError(
      ErrorCode.badRequest,
      `Invalid JSON in request: ${(error as Error).message}`,
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new HttpError(ErrorCode.badRequest, 'Invalid JSON in request: an object is expected')
  }
  return value as Record<string, unknown>
}

function tooLarge(bytesMax: number): HttpError {
  return new HttpError(ErrorCode.badRequest, `Request body is larger than ${bytesMax} bytes`, 413)
}
