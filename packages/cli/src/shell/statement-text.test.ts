import { expect, test } from 'vitest'

import { firstWord, isBlank } from './statement-text.ts'

test('comments alone are blank, and are passed over by the first word', () => {
  expect(isBlank(' -- note\n /* x */ ')).toBe(true)
  expect(isBlank(' x')).toBe(false)
  expect(firstWord('-- note\n/* x */ select 1;')).toBe('SELECT')
})
