import { formatSqlType } from '@varve/serde'

import type { ResultColumn } from '../../engine/query-types.ts'
import { changeColumns, changeToJson } from '../../result/change-json.ts'
import type { Exchange } from '../exchange.ts'
import { HttpError, ErrorCode, toErrorAnswer } from '../http-error.ts'
import { requireText } from '../request-body.ts'
import type { ServerContext } from '../server-context.ts'

/** `POST /subscribe` (Varve's own): changes of a source, one JSON object a line. */
export async function postSubscribe(
  exchange: Exchange,
  { engine, limits }: ServerContext,
): Promise<void> {
  const body = await exchange.readJson(limits.bodyBytesMax)
  const from = body['from'] ?? 'latest'
  if (from !== 'latest' && from !== 'earliest') {
    throw new HttpError(ErrorCode.badRequest, '"from" must be "latest" or "earliest"')
  }
  const name = requireText(body, 'source')
  const changes = engine.subscribe(name, { from, signal: exchange.signal })
  const columns = changeColumns(engine.source(name))
  exchange.start(200, 'application/x-ndjson')
  await exchange.write(
    `${JSON.stringify({
      keyColumns: columns.key.map(toMetadata),
      columns: columns.row.map(toMetadata),
    })}\n`,
  )
  try {
    for await (const change of changes) {
      await exchange.write(`${changeToJson(change, columns)}\n`)
    }
  } catch (error) {
    if (exchange.gone) return
    await exchange.write(`${JSON.stringify(toErrorAnswer(error).body)}\n`)
  }
  await exchange.end()
}

function toMetadata(column: Pick<ResultColumn, 'name' | 'type'>): { name: string; type: string } {
  return { name: column.name, type: formatSqlType(column.type) }
}
