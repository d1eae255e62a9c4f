import type { Exchange } from '../exchange.ts'
import { MediaType, negotiate } from '../media-type.ts'
import { requestSession, requireText } from '../request-body.ts'
import { createProtobufFraming } from '../protobuf-framing.ts'
import { delimitedFraming, elementFraming, type ResultFraming } from '../result-framing.ts'
import type { ServerContext } from '../server-context.ts'
import { runQuery } from './run-query.ts'

/** `POST /query`: SELECT and PRINT in the older framing. */
export async function postQuery(exchange: Exchange, context: ServerContext): Promise<void> {
  const body = await exchange.readJson(context.limits.bodyBytesMax)
  const type = negotiate(exchange.headers.accept, [
    MediaType.ksql,
    MediaType.json,
    MediaType.delimited,
    MediaType.protobuf,
  ])
  await runQuery(exchange, context, {
    sql: requireText(body, 'ksql'),
    session: requestSession(body, 'streamsProperties'),
    framing: framingOf(type),
    printAllowed: true,
  })
}

function framingOf(type: MediaType): ResultFraming {
  if (type === MediaType.delimited) return delimitedFraming
  if (type === MediaType.protobuf) return createProtobufFraming()
  return { ...elementFraming, contentType: type }
}
