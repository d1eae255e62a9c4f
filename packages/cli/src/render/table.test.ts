import stringWidth from 'string-width'
import { expect, test } from 'vitest'

import { clip, formatStreamHeader, formatStreamRow, formatTable } from './table.ts'

test('columns with wide characters line up', () => {
  const lines = formatTable(
    ['id', 'name'],
    [
      ['101', '봄 맞이 이벤트'],
      ['2', 'x'],
    ],
  ).split('\n')
  expect(lines).toEqual([
    ' id  | name',
    '----------------------',
    ' 101 | 봄 맞이 이벤트',
    ' 2   | x',
    '----------------------',
  ])
})

test('a cell is cut at its width without splitting a wide character', () => {
  expect(clip('봄 맞이 이벤트', 8)).toBe('봄 맞...')
  expect(stringWidth(clip('한여름 이벤트', 6))).toBeLessThanOrEqual(6)
  expect(clip('short', 8)).toBe('short')
})

test('streaming rows share the cell width of their head', () => {
  const layout = { terminalWidth: 41 }
  const head = formatStreamHeader(['K', 'V'], layout).split('\n')
  expect(
    new Set(
      [...head, formatStreamRow(['1', '한여름 이벤트'], 2, layout)].map((l) => stringWidth(l)),
    ),
  ).toEqual(new Set([41]))
})

test('a table wider than the terminal shrinks its widest columns', () => {
  const text = formatTable(['a', 'b'], [['x'.repeat(100), 'yy']], { terminalWidth: 40 })
  expect(Math.max(...text.split('\n').map((l) => stringWidth(l)))).toBeLessThanOrEqual(40)
  expect(text).toContain('yy')
})

test('line breaks in a cell stay on the line', () => {
  expect(formatTable(['a'], [['x\ny']])).toContain('x\\ny')
})
