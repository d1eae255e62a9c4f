import { asInteger, asName } from '../connect/raw.ts'
import { wholeId, type Connector } from './connector.ts'

/** Spanner. Depending on the value capture type, rows hold the key and the changed columns, the rest is null. */
export const spanner: Connector = {
  names: ['spanner'],
  position: (source) => ({
    modNumber: Number(asInteger(source.get('mod_number')) ?? 0n),
    serverTransactionId: asName(source.get('server_transaction_id')) ?? null,
  }),
  transactionKey: wholeId,
  beforeMayBePartial: true,
  rowsMayBePartial: true,
}
