import { SqlTypes } from '@varve/serde'
import { expect, test } from 'vitest'

import { createRowShaper } from './row-object.ts'

test('members have the names of the columns, and folded names read in lower case too', () => {
  const shape = createRowShaper([
    { name: 'SENSOR', type: SqlTypes.STRING },
    { name: 'userId', type: SqlTypes.INTEGER },
  ])
  const row = shape(['sensor-1', 7])
  expect(Object.keys(row)).toEqual(['SENSOR', 'userId'])
  expect(row).toEqual({ SENSOR: 'sensor-1', userId: 7 })
  expect(row['sensor']).toBe('sensor-1')
  expect(JSON.stringify(row)).toBe('{"SENSOR":"sensor-1","userId":7}')
})

test('names of Object.prototype are columns like others', () => {
  const shape = createRowShaper([
    { name: '__proto__', type: SqlTypes.STRING },
    { name: 'constructor', type: SqlTypes.STRING },
    { name: 'TOSTRING', type: SqlTypes.STRING },
  ])
  const row = shape(['a', 'b', 'c'])
  expect(Object.entries(row)).toEqual([
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['TOSTRING', 'c'],
  ])
  expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
})

test('structs become objects, arrays of structs too', () => {
  const struct = { kind: 'STRUCT', fields: [{ name: 'A', type: SqlTypes.INTEGER }] } as const
  const shape = createRowShaper([{ name: 'S', type: { kind: 'ARRAY', element: struct } }])
  expect(shape([[[1], null]])).toEqual({ S: [{ A: 1 }, null] })
})
