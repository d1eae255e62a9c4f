import type { Exchange } from '../exchange.ts'
import { requestSession, requireText } from '../request-body.ts'
import type { ServerContext } from '../server-context.ts'

/** `POST /ksql`: statements other than SELECT and PRINT. */
export async function postKsql(exchange: Exchange, context: ServerContext): Promise<void> {
  const body = await exchange.readJson(context.limits.bodyBytesMax)
  const sql = requireText(body, 'ksql')
  const sequence = body['commandSequenceNumber']
  const entities = await context.engine.execute(sql, {
    session: requestSession(body, 'streamsProperties'),
    ...(typeof sequence === 'number' && sequence >= 0 ? { commandSequenceNumber: sequence } : {}),
  })
  await exchange.answerJson(200, entities)
}
