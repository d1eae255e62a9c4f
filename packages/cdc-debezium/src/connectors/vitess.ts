import { asName } from '../connect/raw.ts'
import { wholeId, type Connector } from './connector.ts'

/** Vitess: a global transaction id per shard, as JSON text. */
export const vitess: Connector = {
  names: ['vitess'],
  position: (source) => ({
    shard: asName(source.get('shard')) ?? null,
    vgtid: asName(source.get('vgtid')) ?? null,
  }),
  transactionKey: wholeId,
  beforeMayBePartial: false,
}
