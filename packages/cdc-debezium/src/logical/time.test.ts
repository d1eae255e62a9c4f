import { expect, test } from 'vitest'

import { decodeChange } from '../decode-change.ts'
import { InfiniteTime } from '../values/values.ts'

test('infinite dates of PostgreSQL are seen in their overflow, as days and as text', () => {
  const decode = (value: unknown, type: string): unknown => {
    const change = decodeChange(
      { key: null, value: new TextEncoder().encode(JSON.stringify({ d: value, __op: 'c' })) },
      { columns: { d: type } },
    )
    return change.kind === 'row' ? change.after?.['d'] : undefined
  }
  for (const [value, type] of [
    [-2147472692, 'io.debezium.time.Date'],
    ['-5877611-06-21Z', 'io.debezium.time.IsoDate'],
  ] as const)
    expect(decode(value, type)).toEqual(new InfiniteTime(false))
  for (const [value, type] of [
    [-2147472691, 'io.debezium.time.Date'],
    ['-5877611-06-22Z', 'io.debezium.time.IsoDate'],
  ] as const)
    expect(decode(value, type)).toEqual(new InfiniteTime(true))
})
