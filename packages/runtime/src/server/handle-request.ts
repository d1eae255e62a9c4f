import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'

import type { Logger } from '../engine/engine-options.ts'
import { ClientGoneError, Exchange } from './exchange.ts'
import { ErrorCode, HttpError, toErrorAnswer } from './http-error.ts'
import { findEndpoint } from './router.ts'
import type { ServerContext } from './server-context.ts'

/** Finds the endpoint of a request, runs it, and answers what it throws. Never rejects. */
export async function handleRequest(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
  context: ServerContext,
  { logger, stopping }: { readonly logger: Logger; readonly stopping: AbortSignal },
): Promise<void> {
  const exchange = new Exchange(request, response, stopping)
  try {
    if (stopping.aborted) {
      throw new HttpError(ErrorCode.shuttingDown, 'The server is shutting down')
    }
    if (context.engine.status === 'terminated') {
      throw new HttpError(
        ErrorCode.shuttingDown,
        'The cluster has been terminated. No new request will be accepted.',
      )
    }
    const endpoint = findEndpoint(exchange.method, exchange.path)
    if (endpoint === undefined) {
      await exchange.answer(404, 'Not Found', { 'content-type': 'text/plain' })
      return
    }
    await endpoint(exchange, context)
  } catch (error) {
    if (error instanceof ClientGoneError || exchange.gone) return
    const { status, body } = toErrorAnswer(error)
    if (status >= 500) {
      logger.error(`${exchange.method} ${exchange.path} failed`, { error })
    }
    try {
      if (exchange.started) exchange.destroy()
      else await exchange.answerJson(status, body)
    } catch (answerError) {
      logger.warn('an error could not be answered', { error: answerError })
      exchange.destroy()
    }
  }
}
