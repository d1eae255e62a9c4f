import { asInteger } from '../connect/raw.ts'
import { wholeId, type Connector } from './connector.ts'

/** MongoDB: cluster time and the place within its second. Ids of transactions hold colons of their own. */
export const mongodb: Connector = {
  names: ['mongodb'],
  position: (source) => {
    const ms = asInteger(source.get('ts_ms'))
    const ord = asInteger(source.get('ord'))
    return {
      tsMs: ms === undefined ? null : Number(ms),
      ord: ord === undefined ? null : Number(ord),
    }
  },
  transactionKey: wholeId,
  beforeMayBePartial: false,
}
