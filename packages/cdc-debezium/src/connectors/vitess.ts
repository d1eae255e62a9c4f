import type { SourcePosition } from '../change.ts'
import { asName } from '../connect/raw.ts'
import { wholeId, type Connector } from './connector.ts'

/** Vitess: a global transaction id per shard, as JSON text. */
export const vitess: Connector = {
  names: ['vitess'],
  position: (source) => ({
    shard: asName(source.get('shard')) ?? null,
    vgtid: readVgtid(asName(source.get('vgtid'))),
  }),
  transactionKey: wholeId,
  beforeMayBePartial: false,
}

/** One entry for each shard; the text itself when it is not what Vitess writes. */
function readVgtid(text: string | undefined): SourcePosition[string] {
  if (text === undefined) return null
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) && list.every((entry) => typeof entry === 'object' && entry !== null)
      ? (list as readonly Readonly<Record<string, unknown>>[])
      : text
  } catch {
    return text
  }
}
