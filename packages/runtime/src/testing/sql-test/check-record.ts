import type { Row, Value } from '@varve/serde'
import { valuesEqual, type ExpectedColumn, type ValuesAssertion } from '@varve/sql'
import type { TestOutputRecord, Windowed } from '@varve/streams'

import type { PlanKey } from '../../lowering/flow.ts'
import { valueToJson } from '../../result/json-text.ts'
import { AssertionFailure } from './assertion-failure.ts'

/** A record as the readers of its source see it. */
export interface DecodedRecord {
  readonly key: PlanKey
  readonly value: Row | null
  readonly timestamp: number
}

/** Compares a record with what ASSERT VALUES says of it. @throws AssertionFailure */
export function checkRecord(
  assertion: ValuesAssertion,
  record: TestOutputRecord | undefined,
  decode: (record: TestOutputRecord) => DecodedRecord,
): void {
  const { target, columns, tombstone } = assertion
  const names = columns.map((column) => column.name)
  const expected = columns.map((column) => valueToJson(column.type, column.value))
  const what = tombstone ? 'a tombstone' : 'a row'
  if (record === undefined) {
    throw new AssertionFailure(`Expected ${what} of ${target.name}, but there is no further one.`, {
      columns: names,
      expected,
    })
  }
  const decoded = decode(record)
  const actual = columns.map((column) => ({ column, value: valueAt(column, decoded, assertion) }))
  const rows = {
    columns: names,
    expected,
    actual: actual.map(({ column, value }) => valueToJson(column.type, value)),
  }
  if ((record.value === null) !== tombstone) {
    throw new AssertionFailure(
      `Expected ${what} of ${target.name}, but the next record is ${tombstone ? 'a row' : 'a tombstone'}.`,
      rows,
    )
  }
  const wrong = actual.filter(({ column, value }) => !valuesEqual(column.value, value))
  if (wrong.length === 0) return
  throw new AssertionFailure(
    `The next record of ${target.name} differs in ${wrong.map(({ column }) => column.name).join(', ')}.`,
    rows,
  )
}

function valueAt(
  { place }: ExpectedColumn,
  { key, value, timestamp }: DecodedRecord,
  { target }: ValuesAssertion,
): Value {
  const windowed = target.window === undefined ? undefined : (key as Windowed<Row>)
  switch (place.part) {
    case 'key':
      return (windowed?.key ?? (key as Row | null))?.[place.index] ?? null
    case 'value':
      return value?.[place.index] ?? null
    case 'rowtime':
      return timestamp
    case 'windowStart':
      return windowed?.window.start ?? null
    case 'windowEnd':
      return windowed?.window.end ?? null
  }
}
