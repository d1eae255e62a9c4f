import { expect, test } from 'vitest'

import type { Change } from '../change.ts'
import { formatValue } from '../values/value-text.ts'
import { createStruct } from '../values/values.ts'
import { RowIdentity } from './row-identity.ts'

const change: Change = { kind: 'raw', topic: undefined, key: null, value: null, effect: 'none' }

test.each(['id', '', '__proto__', 'with "quotes" \u2028'])(
  'a key of one 64-bit integer %j has the text that any way of writing it gives',
  (name) => {
    for (const value of [0n, -1n, 9_223_372_036_854_775_807n]) {
      const key = Object.assign(createStruct(), { [name]: value })
      expect(new RowIdentity(undefined, false).idOf(key, change)).toBe(formatValue(key))
    }
  },
)
