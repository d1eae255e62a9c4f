import { describe, expect, test } from 'vitest'

import { formatOptionStruct, parseOptionStruct } from './option-struct.ts'

describe('structured option values', () => {
  test.each<[string, Record<string, string>]>([
    ['{}', {}],
    ['{a=1;b=2;}', { a: '1', b: '2' }],
    ['{ a = 1 ; b = }', { a: '1', b: '' }],
    ['{id=StringAppendOperator;delimiter=\\:;}', { id: 'StringAppendOperator', delimiter: ':' }],
    ['{id=X;inner={a=1;b={c=d;};};z=1;}', { id: 'X', inner: '{a=1;b={c=d;};}', z: '1' }],
    ['{delimiter={;};}', { delimiter: ';' }],
    ['{delimiter=\\;\\{;}', { delimiter: ';{' }],
    ['{delimiter={{}};a=1;}', { delimiter: '{}', a: '1' }],
    ['{delimiter=\\n;}', { delimiter: '\n' }],
  ])('%s', (text, expected) => {
    const fields = parseOptionStruct(text)!
    expect(Object.fromEntries(fields)).toEqual(expected)
    expect(parseOptionStruct(formatOptionStruct(fields))).toEqual(fields)
  })

  test.each(['', 'a=b', '{a=b', '{a={b;}', '{a=1}{b=2}'])('%j is none', (text) => {
    expect(parseOptionStruct(text)).toBeUndefined()
  })
})
