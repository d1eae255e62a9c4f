import { asInteger, asName } from '../connect/raw.ts'
import { wholeId, type Connector } from './connector.ts'

/** Cassandra: commit log of one node. Each replica sends its own copy of a write; no position orders them. */
export const cassandra: Connector = {
  names: ['cassandra'],
  position: (source) => ({
    file: asName(source.get('file')) ?? null,
    pos: asInteger(source.get('pos')) ?? null,
  }),
  transactionKey: wholeId,
  beforeMayBePartial: true,
}
