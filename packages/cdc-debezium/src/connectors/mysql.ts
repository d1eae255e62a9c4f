import { asInteger, asName } from '../connect/raw.ts'
import { wholeId, type Connector } from './connector.ts'

/** MySQL and MariaDB: binlog file, position of the event, row within it. */
export const mysql: Connector = {
  names: ['mysql', 'mariadb'],
  position: (source) => ({
    file: asName(source.get('file')) ?? null,
    pos: asInteger(source.get('pos')) ?? null,
    row: Number(asInteger(source.get('row')) ?? 0n),
    gtid: asName(source.get('gtid')) ?? null,
    serverId: asInteger(source.get('server_id')) ?? null,
  }),
  transactionKey: wholeId,
  beforeMayBePartial: false,
}
