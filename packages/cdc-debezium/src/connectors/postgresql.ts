import { asInteger, asText } from '../connect/raw.ts'
import { idBeforeColon, type Connector } from './connector.ts'

/** PostgreSQL. `sequence` is [LSN of the last commit handled before, LSN of this event]; `lsn` alone does not grow between transactions. */
export const postgresql: Connector = {
  names: ['postgresql'],
  position: (source) => ({
    lsn: asInteger(source.get('lsn')) ?? null,
    txId: asInteger(source.get('txId')) ?? null,
    sequence: readSequence(asText(source.get('sequence'))),
  }),
  transactionKey: idBeforeColon,
  beforeMayBePartial: true,
}

/** As the connector writes it; anything else goes through a parser. */
export const SEQUENCE_PAIR: RegExp = /^\[(?:"(\d{1,30})"|null),(?:"(\d{1,30})"|null)\]$/

function readSequence(text: string | undefined): readonly (string | null)[] | null {
  if (text === undefined) return null
  const pair = SEQUENCE_PAIR.exec(text)
  if (pair !== null) return [pair[1] ?? null, pair[2] ?? null]
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list)
      ? list.map((item: unknown) => (typeof item === 'string' ? item : null))
      : null
  } catch {
    return null
  }
}
