import { expect, test } from 'vitest'

import { scanScript } from './scan-script.ts'

test('semicolons in strings, quoted names and comments do not end a statement', () => {
  const text = "SELECT 'a;''b;' FROM `x;y`; -- c;\n/* d; */ SHOW TABLES; INSERT"
  expect(scanScript(text)).toEqual({
    statements: [
      { text: "SELECT 'a;''b;' FROM `x;y`;", offset: 0 },
      { text: '-- c;\n/* d; */ SHOW TABLES;', offset: 28 },
    ],
    lineComments: [{ text: '-- c;', offset: 28 }],
    rest: ' INSERT',
  })
})

test('an open quote swallows the rest', () => {
  expect(scanScript("SELECT 'a; b;")).toMatchObject({ statements: [], rest: "SELECT 'a; b;" })
})

test('empty statements vanish', () => {
  expect(scanScript(';; ;').statements).toEqual([])
})
