import { asInteger, asName } from '../connect/raw.ts'
import { wholeId, type Connector } from './connector.ts'

/** SQL Server and Db2: log sequence numbers as text of fixed width. */
export const sqlserver: Connector = {
  names: ['sqlserver', 'db2'],
  position: (source) => ({
    commitLsn: asName(source.get('commit_lsn')) ?? null,
    changeLsn: asName(source.get('change_lsn')) ?? null,
    eventSerialNo: asInteger(source.get('event_serial_no')) ?? null,
  }),
  transactionKey: wholeId,
  beforeMayBePartial: false,
}
