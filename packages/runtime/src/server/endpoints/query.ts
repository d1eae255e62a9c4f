import type { Exchange } from '../exchange.ts'
import { MediaType, negotiate } from '../media-type.ts'
import { requestSession, requireText } from '../request-body.ts'
import { delimitedFraming, elementFraming } from '../result-framing.ts'
import type { ServerContext } from '../server-context.ts'
import { runQuery } from './run-query.ts'

/** `POST /query`: SELECT and PRINT in the older framing. */
export async function postQuery(exchange: Exchange, context: ServerContext): Promise<void> {
  const body = await exchange.readJson(context.limits.bodyBytesMax)
  const type = negotiate(exchange.headers.accept, [
    MediaType.ksql,
    MediaType.json,
    MediaType.delimited,
  ])
  await runQuery(exchange, context, {
    sql: requireText(body, 'ksql'),
    session: requestSession(body, 'streamsProperties'),
    framing:
      type === MediaType.delimited ? delimitedFraming : { ...elementFraming, contentType: type },
    printAllowed: true,
  })
}
