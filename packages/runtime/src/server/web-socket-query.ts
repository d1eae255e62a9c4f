import type { IncomingMessage } from 'node:http'

import { messageOf } from '@varve/base'
import type { WebSocket } from 'ws'

import type { PrintHandle, QueryHandle } from '../engine/query-types.ts'
import { toSchemaInfo, type FieldInfo } from '../result/field-info.ts'
import { ErrorCode, HttpError, toErrorAnswer } from './http-error.ts'
import { requestSession, requireText } from './request-body.ts'
import { finalElement, rowElement } from './result-framing.ts'
import type { ServerContext } from './server-context.ts'

/** Bytes of UTF-8 that a close reason may hold (RFC 6455 section 5.5). */
const closeReasonBytesMax = 123

/** Why a socket is closed, as RFC 6455 section 7.4 numbers it. */
const CloseCode = { normal: 1000, goingAway: 1001, unsupported: 1003, failed: 1011, later: 1013 }

/**
 * `GET /ws/query?request=…`: runs a SELECT or PRINT over a WebSocket. The first frame has the columns, each further one a row, a line, or the
 * final message; then the socket is closed. Never rejects.
 */
export async function answerWebSocket(
  socket: WebSocket,
  request: IncomingMessage,
  context: ServerContext,
  stopping: AbortSignal,
): Promise<void> {
  const gone = new AbortController()
  socket.on('close', () => gone.abort())
  socket.on('error', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, stopping])
  try {
    const body = requestOf(request)
    await using query = await context.engine.openQuery(requireText(body, 'ksql'), {
      session: requestSession(body, 'streamsProperties'),
      signal,
    })
    if (query.kind === 'print') await sendLines(socket, query)
    else await sendRows(socket, query)
    if (stopping.aborted) socket.close(CloseCode.goingAway, 'The server is shutting down')
    else socket.close(CloseCode.normal, 'done')
  } catch (error) {
    if (gone.signal.aborted) return
    const { status, body } = toErrorAnswer(error)
    await send(socket, JSON.stringify({ error: body.message })).catch(() => undefined)
    socket.close(closeCode(status, body.error_code), clipped(body.message))
  }
}

function requestOf(request: IncomingMessage): Record<string, unknown> {
  const url = request.url ?? ''
  const text = new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('request')
  let body: unknown
  try {
    body = JSON.parse(text ?? '')
  } catch (cause) {
    throw new HttpError(
      ErrorCode.badRequest,
      `The parameter "request" is no JSON: ${messageOf(cause)}`,
    )
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    return body as Record<string, unknown>
  }
  throw new HttpError(ErrorCode.badRequest, 'The parameter "request" must be a JSON object')
}

async function sendRows(socket: WebSocket, query: QueryHandle): Promise<void> {
  await send(
    socket,
    JSON.stringify(
      query.columns.map(({ name, type }): FieldInfo => ({ name, schema: toSchemaInfo(type) })),
    ),
  )
  for await (const batch of query.batches()) {
    for (const row of batch) await send(socket, rowElement(query, row))
  }
  if (query.announcesEnd && query.end !== 'closed') await send(socket, finalElement(query))
}

async function sendLines(socket: WebSocket, print: PrintHandle): Promise<void> {
  for await (const line of print.lines()) await send(socket, line)
}

/** Resolves when the frame left for the system's buffers: a client that reads slowly holds back the query. */
function send(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(text, (error) => {
      if (error == null) resolve()
      else reject(error)
    })
  })
}

function closeCode(status: number, errorCode: number): number {
  if (errorCode === ErrorCode.commandTimeout) return CloseCode.later
  return status >= 500 ? CloseCode.failed : CloseCode.unsupported
}

/** The text cut at a character to what a close reason may hold. */
function clipped(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= closeReasonBytesMax) return text
  let end = closeReasonBytesMax
  while ((bytes[end]! & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end)
}
