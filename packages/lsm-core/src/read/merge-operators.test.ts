import { concatBytes, utf8Bytes, utf8Text } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { fc } from '@fast-check/vitest'
import { afterEach, describe, expect, it } from 'vitest'

import { DB, type MergeOperator } from '../index.ts'
import { mergeOperatorNamed } from './merge-operators.ts'

afterEach(() => assertNoOpenResources())

const key = utf8Bytes('k')

describe('merge operators', () => {
  const operands = fc.array(fc.uint8Array({ maxLength: 9 }), { minLength: 1, maxLength: 6 })

  it('give the same whether neighbours are combined before or not', () => {
    for (const name of ['uint64add', 'max', 'bytesxor', 'put', 'stringappend', 'stringappend=::']) {
      const { fullMerge, partialMerge } = mergeOperatorNamed(name)
      fc.assert(
        fc.property(
          operands,
          fc.option(fc.uint8Array(), { nil: undefined }),
          fc.nat(),
          (all, base, n) => {
            const cut = n % all.length
            const front = all.slice(0, cut)
            const combined = partialMerge!(key, all.slice(cut))!
            // A number of another size counts as 0, and combined it has the right size.
            if (
              name === 'uint64add' &&
              base === undefined &&
              all.every(({ length }) => length !== 8)
            )
              return
            expect(fullMerge(key, base, [...front, combined])).toEqual(fullMerge(key, base, all))
          },
        ),
      )
    }
  })

  it('do what their names say', () => {
    const merge = (name: string, base: string | undefined, ...values: string[]): string =>
      utf8Text(
        mergeOperatorNamed(name).fullMerge(
          key,
          base === undefined ? undefined : utf8Bytes(base),
          values.map(utf8Bytes),
        ),
      )
    expect(merge('max', 'b', 'a', 'ab')).toBe('b')
    expect(merge('max', undefined, 'a', 'ab')).toBe('ab')
    expect(merge('put', 'x', 'a', 'b')).toBe('b')
    expect(merge('bytesxor', '  ', 'A', '\u0000\u0001\u0002')).toBe('a!\u0002')
    expect(merge('stringappendtest', undefined, 'a', 'b')).toBe('a,b')
    expect(() => mergeOperatorNamed('sortlist')).toThrow(/not known/)
  })

  it('of the user run through flush, compaction, transactions and a restart', async () => {
    const longest: MergeOperator = {
      name: 'test.KeepLongest',
      fullMerge: (_key, base, values) =>
        concatBytes(
          [...(base === undefined ? [] : [base]), ...values].reduce((a, b) =>
            b.length > a.length ? b : a,
          ),
        ),
      partialMerge: (_key, values) =>
        concatBytes(values.reduce((a, b) => (b.length > a.length ? b : a))),
    }
    const fileSystem = new MemoryFileSystem()
    const options = {
      fileSystem,
      createIfMissing: true,
      columnFamilies: {
        default: { mergeOperator: longest },
        timed: { mergeOperator: longest, ttlSeconds: 0 },
      },
    }
    for (const round of ['a', 'bbbb', 'cc']) {
      await using db = await DB.open('/db', options)
      for (const cf of db.columnFamilies) {
        await db.merge('k', round, { cf })
        using transaction = db.beginTransaction({ optimistic: true }).merge('k', 'dd', { cf })
        expect(utf8Text((await transaction.get('k', { cf }))!)).toBe(round === 'a' ? 'dd' : 'bbbb')
        await db.flush({ cf })
        await db.compactRange({ cf })
        const expected = round === 'a' ? 'a' : 'bbbb'
        expect(await db.get('k', { cf, encoding: 'utf8' })).toBe(expected)
      }
    }
  })
})
