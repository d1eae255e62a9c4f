/** A cell that the connector itself gets wrong, so that no decoder can agree with SELECT. Exactly this value instead of exactly that one. */
export interface ConnectorFault {
  /** `<database>/<variant>/<table>` of each history that has it. */
  readonly tables: readonly string[]
  /** The rows' first column as SELECT prints it. */
  readonly rows: readonly string[]
  readonly column: string
  /** The decoded value's text (`null` for null); null when the row has no column of this name. */
  readonly sent: string | null
  readonly selected: string | null
  readonly reason: string
}

/** All faults that are known. A fault that is no longer met is taken off. */
export const CONNECTOR_FAULTS: readonly ConnectorFault[] = [
  {
    tables: [
      'mariadb/avro-default/times',
      'mariadb/json-schema-default/times',
      'mariadb/json-schema-string-connect/times',
    ],
    rows: ['2'],
    column: 'y',
    sent: '2000',
    selected: '0000',
    reason: 'the connector sends 2000 for the year 0000',
  },
  {
    tables: [
      'postgres/avro-default/times',
      'postgres/avro-headers-string/times',
      'postgres/json-schema-default/times',
      'postgres/json-schema-string-connect/times',
    ],
    rows: ['2'],
    column: 'ts3',
    sent: '0000-12-30T00:00:00',
    selected: '0001-01-01 00:00:00',
    reason: 'the snapshot shifts a timestamp of the year 1 to the Julian calendar',
  },
  {
    tables: ['postgres/avro-default/Odd Names', 'postgres/json-schema-default/Odd Names'],
    rows: ['1'],
    column: 'ümlaut',
    sent: null,
    selected: 'ü',
    reason: 'the connector garbles a column name that is not ASCII',
  },
  {
    tables: ['postgres/avro-default/Odd Names', 'postgres/json-schema-default/Odd Names'],
    rows: ['2'],
    column: 'ümlaut',
    sent: null,
    selected: null,
    reason: 'the connector garbles a column name that is not ASCII',
  },
  {
    tables: ['mariadb/json-schema-string-connect/times'],
    rows: ['2'],
    column: 't',
    sent: 'null',
    selected: '-838:59:59',
    reason:
      'mode "connect" has times of day only, and sends null for negative spans and those beyond a day',
  },
  {
    tables: ['mariadb/json-schema-string-connect/times'],
    rows: ['2'],
    column: 't3',
    sent: 'null',
    selected: '838:59:59.999',
    reason:
      'mode "connect" has times of day only, and sends null for negative spans and those beyond a day',
  },
  {
    tables: ['mariadb/json-schema-string-connect/times'],
    rows: ['2'],
    column: 't6',
    sent: 'null',
    selected: '-00:00:00.000001',
    reason:
      'mode "connect" has times of day only, and sends null for negative spans and those beyond a day',
  },
]

/** The fault that explains a cell; undefined for all other cells. */
export function connectorFault(
  table: string,
  row: string | null | undefined,
  column: string,
  sent: string | null,
  selected: string | null,
): ConnectorFault | undefined {
  return CONNECTOR_FAULTS.find(
    (fault) =>
      fault.tables.includes(table) &&
      fault.rows.includes(row ?? '') &&
      fault.column === column &&
      fault.sent === sent &&
      fault.selected === selected,
  )
}
