import { expect, test } from 'vitest'

import { parseProperties } from './properties.ts'

test('both separators, comments, escapes and continued lines are read', () => {
  const text =
    '# note\n! note\nksql.service.id=shop_\nlisteners : http\\://a\n\na.b = one, \\\n   two\nempty=\nu=\\u00e9\\tx'
  expect({ ...parseProperties(text) }).toEqual({
    'ksql.service.id': 'shop_',
    listeners: 'http://a',
    'a.b': 'one, two',
    empty: '',
    u: 'é\tx',
  })
})

test('a name of the prototype chain is only a name', () => {
  expect(parseProperties('__proto__=x')['__proto__']).toBe('x')
})
