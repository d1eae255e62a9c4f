import { asName } from '../connect/raw.ts'
import { wholeId, type Connector } from './connector.ts'

/** CockroachDB: hybrid logical clock as decimal text. */
export const cockroachdb: Connector = {
  names: ['cockroachdb'],
  position: (source) => ({ hlc: asName(source.get('ts_hlc')) ?? null }),
  transactionKey: wholeId,
  beforeMayBePartial: true,
}
