import { expect, test } from 'vitest'

import {
  logFileName,
  manifestFileName,
  optionsFileName,
  parseFileName,
  tableFileName,
} from './file-names.ts'

test('names carry at least six digits and parse back', () => {
  expect(tableFileName(12)).toBe('000012.sst')
  expect(logFileName(1234567)).toBe('1234567.log')
  expect(parseFileName(tableFileName(12))).toEqual({ type: 'table', number: 12 })
  expect(parseFileName('000012.ldb')).toEqual({ type: 'table', number: 12 })
  expect(parseFileName(logFileName(7))).toEqual({ type: 'log', number: 7 })
  expect(parseFileName(manifestFileName(5))).toEqual({ type: 'manifest', number: 5 })
  expect(parseFileName(optionsFileName(7))).toEqual({ type: 'options', number: 7 })
  // Left by a crash while options are written.
  for (const name of ['OPTIONS-000007.tmp', 'OPTIONS-000007.dbtmp'])
    expect(parseFileName(name)).toEqual({ type: 'optionsTemp', number: 7 })
  expect(parseFileName('CURRENT')).toEqual({ type: 'current', number: 0 })
  expect(parseFileName('LOG.old.1700000000000000')?.type).toBe('infoLog')
})

test('other names are not of a database', () => {
  for (const name of ['', 'x', '12.txt', 'MANIFEST-', '.sst', '000012.sst.tmp', 'MANIFEST-5x']) {
    expect(parseFileName(name)).toBeUndefined()
  }
})
