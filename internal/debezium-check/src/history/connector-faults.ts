import { PlainDate, PlainDateTime, type ColumnValue } from '@varve/cdc-debezium'

import type { History } from './read-history.ts'

/** A cell that differs from what SELECT said. */
export interface DifferingCell {
  readonly history: History
  readonly column: string
  /** Undefined when the row has no column of this name. */
  readonly value: ColumnValue | undefined
  readonly selected: string | null
  /** Statements that ran so far. */
  readonly ran: readonly string[]
}

/** A way in which connectors themselves go wrong, so that no decoder can agree with SELECT: exactly this instead of exactly that. */
export interface ConnectorFault {
  readonly name: string
  readonly reason: string
  explains(cell: DifferingCell): boolean
}

/** All faults that are known. */
const CONNECTOR_FAULTS: readonly ConnectorFault[] = [
  {
    name: 'year zero',
    reason: 'the connector sends 2000 for the year 0000',
    explains: ({ value, selected }) => value === 2000 && selected === '0000',
  },
  {
    name: 'Julian calendar',
    reason: 'the snapshot shifts a timestamp before 1582 to the Julian calendar',
    explains: ({ value, selected }) => {
      const text = /^(\d{4})-(\d\d)-(\d\d)(?: ([\d:.]+))?$/.exec(selected ?? '')
      if (text === null || !(value instanceof PlainDateTime || value instanceof PlainDate))
        return false
      const [year, month, day] = [Number(text[1]), Number(text[2]), Number(text[3])]
      const date = new Date(0)
      date.setUTCFullYear(year, month - 1, day)
      const century = month < 3 ? year - 1 : year
      const shift = Math.floor(century / 100) - Math.floor(century / 400) - 2
      date.setUTCDate(date.getUTCDate() + shift)
      const shifted = new PlainDate(date.getTime() / 86_400_000).toString()
      return year < 1582 && value.toString().startsWith(shifted)
    },
  },
  {
    name: 'garbled name',
    reason: 'the connector garbles a column name that is not ASCII',
    explains: ({ value, column }) => value === undefined && /[^ -~]/.test(column),
  },
  {
    name: 'span as time of day',
    reason:
      'mode "connect" has times of day only, and sends null for negative spans and those beyond a day',
    explains: ({ history, value, selected }) => {
      const span = /^(-?)(\d{2,3}):\d\d:\d\d/.exec(selected ?? '')
      return (
        history.connector['time.precision.mode'] === 'connect' &&
        value === null &&
        span !== null &&
        (span[1] === '-' || Number(span[2]) >= 24)
      )
    },
  },
  {
    name: 'added with a default',
    reason:
      'rows sent before a column was added do not have the default that the database gave them',
    explains: ({ value, column, ran }) =>
      value === undefined &&
      ran.some((sql) =>
        [
          ...sql.matchAll(
            /\bADD\s+(?:COLUMN\s+)?(?:IF NOT EXISTS\s+)?[`"]?([^`"\s]+)[`"]?\s[^,;]*\bDEFAULT\b/gi,
          ),
        ].some((match) => match[1] === column),
      ),
  },
]

/** The fault that explains a cell; undefined for all other cells. */
export function connectorFault(cell: DifferingCell): ConnectorFault | undefined {
  return CONNECTOR_FAULTS.find((fault) => fault.explains(cell))
}
