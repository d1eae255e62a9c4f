import { expect, test } from 'vitest'

import { formatGoldenFile, parseGoldenFile } from './golden-file.ts'

const text = `# a comment
compact level=0 verbose
L0: a#3,SET
----
L1: a#3,SET

print
----
----
one

two
----
----
`

test('directive, arguments, input and output are told apart', () => {
  const [compact, print] = parseGoldenFile(text, 'x')
  expect(compact!.directive).toBe('compact')
  expect([...compact!.args]).toEqual([
    ['level', '0'],
    ['verbose', ''],
  ])
  expect(compact!.input).toBe('L0: a#3,SET')
  expect(compact!.expected).toBe('L1: a#3,SET')
  expect(print!.expected).toBe('one\n\ntwo')
})

test('writing recorded outputs back gives the same file', () => {
  const cases = parseGoldenFile(text, 'x')
  expect(
    formatGoldenFile(
      cases,
      cases.map((c) => c.expected),
    ),
  ).toBe(text)
})

test('a directive without an output mark is refused with its place', () => {
  expect(() => parseGoldenFile('compact\nL0: a', 'file.txt')).toThrow('file.txt:1')
})
