import { expect, test } from 'vitest'

import { firstWord, isBlank, scanStatements } from './statement-scanner.ts'

test('semicolons in strings, quoted names and comments do not end a statement', () => {
  const text = "SELECT 'a;''b;' FROM `x;y`; -- c;\n/* d; */ SHOW TABLES; INSERT"
  expect(scanStatements(text)).toEqual({
    statements: ["SELECT 'a;''b;' FROM `x;y`;", '-- c;\n/* d; */ SHOW TABLES;'],
    rest: ' INSERT',
  })
})

test('an open quote swallows the rest', () => {
  expect(scanStatements("SELECT 'a; b;")).toEqual({ statements: [], rest: "SELECT 'a; b;" })
})

test('empty statements vanish', () => {
  expect(scanStatements(';; ;').statements).toEqual([])
})

test('comments alone are blank, and are passed over by the first word', () => {
  expect(isBlank(' -- note\n /* x */ ')).toBe(true)
  expect(isBlank(' x')).toBe(false)
  expect(firstWord('-- note\n/* x */ select 1;')).toBe('SELECT')
})
