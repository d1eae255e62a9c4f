import type { Exchange } from '../exchange.ts'
import { MediaType, negotiate } from '../media-type.ts'
import { requestSession, requireText } from '../request-body.ts'
import { createProtobufFraming } from '../protobuf-framing.ts'
import {
  delimitedFraming,
  elementFraming,
  jsonArrayFraming,
  type ResultFraming,
} from '../result-framing.ts'
import type { ServerContext } from '../server-context.ts'
import { runQuery } from './run-query.ts'

const framings: Readonly<Record<MediaType, () => ResultFraming>> = {
  [MediaType.delimited]: () => delimitedFraming,
  [MediaType.json]: () => jsonArrayFraming,
  [MediaType.ksql]: () => elementFraming,
  [MediaType.protobuf]: createProtobufFraming,
}

/** `POST /query-stream`: SELECT and PRINT in the newer framing, over HTTP/2 or HTTP/1.1 in chunks. */
export async function postQueryStream(exchange: Exchange, context: ServerContext): Promise<void> {
  const body = await exchange.readJson(context.limits.bodyBytesMax)
  const type = negotiate(exchange.headers.accept, [
    MediaType.delimited,
    MediaType.json,
    MediaType.ksql,
    MediaType.protobuf,
  ])
  await runQuery(exchange, context, {
    sql: requireText(body, 'sql'),
    session: requestSession(body, 'properties'),
    framing: framings[type](),
    printAllowed: type === MediaType.delimited,
  })
}
