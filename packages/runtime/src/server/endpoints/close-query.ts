import type { Exchange } from '../exchange.ts'
import { ErrorCode, HttpError } from '../http-error.ts'
import { requireText } from '../request-body.ts'
import type { ServerContext } from '../server-context.ts'

/** `POST /close-query`: ends a push query. */
export async function postCloseQuery(exchange: Exchange, context: ServerContext): Promise<void> {
  const body = await exchange.readJson(context.limits.bodyBytesMax)
  const queryId = requireText(body, 'queryId')
  if (!(await context.engine.closeQuery(queryId))) {
    throw new HttpError(ErrorCode.badRequest, `No query with id ${queryId}`)
  }
  await exchange.answer(200, '', {})
}
