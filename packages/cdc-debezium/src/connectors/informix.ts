import { asName } from '../connect/raw.ts'
import { idBeforeColon, type Connector } from './connector.ts'

/** Informix, and Ingres after it: log sequence numbers as decimal text. */
export const informix: Connector = {
  names: ['informix', 'ingres'],
  position: (source) => ({
    commitLsn: asName(source.get('commit_lsn')) ?? null,
    changeLsn: asName(source.get('change_lsn')) ?? null,
    txId: asName(source.get('txId')) ?? null,
  }),
  transactionKey: idBeforeColon,
  beforeMayBePartial: false,
}
