import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { sharedFixture } from '@varve/base/testing'
import { describe, expect, test } from 'vitest'

import { escapeOptionString, formatOptionsFile, parseOptionsFile } from './options-file.ts'

const SMALL = `[Version]
  rocksdb_version=7.8.3  # comment
  options_file_version=1.1
[DBOptions]
  create_if_missing=true
[CFOptions "default"]
  comparator=leveldb.BytewiseComparator
  merge_operator={id=StringAppendOperator;delimiter=\\:;}
[TableOptions/BlockBasedTable "default"]
  filter_policy=bloomfilter:10:false
[CFOptions "odd \\#1"]
  compression=kZSTD
`

describe('an OPTIONS file', () => {
  test('parses, formats, and parses to the same', () => {
    const parsed = parseOptionsFile(SMALL)
    expect(parsed.version.get('rocksdb_version')).toBe('7.8.3')
    expect(parsed.families.map(({ name }) => name)).toEqual(['default', 'odd #1'])
    expect(parsed.families[0]!.options.get('merge_operator')).toBe(
      '{id=StringAppendOperator;delimiter=\\:;}',
    )
    expect(parsed.families[0]!.table!.get('filter_policy')).toBe('bloomfilter:10:false')
    expect(parsed.families[1]!.table).toBeUndefined()
    expect(parseOptionsFile(formatOptionsFile(parsed))).toEqual(parsed)
  })

  test.each([
    ['[DBOptions]\n[DBOptions]', 'line 2: second DBOptions section'],
    ['[DBOptions]\n[CFOptions "users"]', 'line 2: first family is not "default"'],
    ['[DBOptions]\nnonsense', 'line 2: not a "name=value" line'],
    ['[Version]', 'no DBOptions section'],
    ['[What]', 'line 1: unknown section'],
  ])('that is wrong names the line: %j', (text, message) => {
    expect(() => parseOptionsFile(text)).toThrow(message)
  })

  test('strings are escaped', () => {
    expect(escapeOptionString('a:b=c#d\\\n')).toBe('a\\:b\\=c\\#d\\\\\\n')
  })
})

const root = sharedFixture('fixtures/rocksdb')
describe.skipIf(root === undefined)('OPTIONS files of RocksDB', () => {
  test('round trip', () => {
    let count = 0
    for (const directory of readdirSync(root!).filter((name) => name.startsWith('db-'))) {
      if (directory.endsWith('.json')) continue
      for (const name of readdirSync(join(root!, directory))) {
        if (!name.startsWith('OPTIONS-')) continue
        const parsed = parseOptionsFile(readFileSync(join(root!, directory, name), 'utf8'), name)
        expect(parsed.families[0]!.name).toBe('default')
        expect(parseOptionsFile(formatOptionsFile(parsed))).toEqual(parsed)
        count++
      }
    }
    expect(count).toBeGreaterThan(50)
  })
})
