import { utf8Text } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { fc } from '@fast-check/vitest'
import { expect, it } from 'vitest'

import { TransactionDB, type Cursor } from '../index.ts'

const key = fc.nat(12).map((n) => `k${String(n).padStart(2, '0')}`)
const change = fc.record({ kind: fc.constantFrom('put', 'delete', 'merge'), key, value: fc.nat(9) })
const step = fc.oneof(
  fc.record({ move: fc.constantFrom('next' as const, 'prev' as const) }),
  fc.record({ move: fc.constantFrom('first' as const, 'last' as const) }),
  fc.record({ move: fc.constantFrom('seek' as const, 'seekForPrev' as const), key }),
  fc.record({ move: fc.constant('write' as const), change }),
  fc.record({ move: fc.constantFrom('savePoint' as const, 'rollback' as const) }),
)

function apply(
  map: Map<string, string>,
  { kind, key: k, value }: typeof change extends fc.Arbitrary<infer T> ? T : never,
): void {
  const before = map.get(k)
  if (kind === 'put') map.set(k, String(value))
  else if (kind === 'delete') map.delete(k)
  else map.set(k, before === undefined ? String(value) : `${before},${value}`)
}

it('a cursor of a transaction shows the database under its writes, wherever it moves', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { maxLength: 15 }),
      fc.array(step, { maxLength: 40 }),
      fc.record({
        gte: fc.option(key, { nil: undefined }),
        lt: fc.option(key, { nil: undefined }),
      }),
      fc.boolean(),
      async (stored, steps, range, reverse) => {
        await using db = await TransactionDB.open('/db', {
          fileSystem: new MemoryFileSystem(),
          createIfMissing: true,
          columnFamilies: { default: { mergeOperator: 'stringappend' } },
        })
        const base = new Map<string, string>()
        for (const [i, one] of stored.entries()) {
          if (one.kind === 'put') await db.put(one.key, String(one.value))
          else if (one.kind === 'delete') await db.delete(one.key)
          else await db.merge(one.key, String(one.value))
          apply(base, one)
          if (i === 7) await db.flush()
        }
        using transaction = db.beginTransaction({ snapshot: true })
        await db.put('k05', 'later', { disableWal: true })
        const model = new Map(base)
        const savePoints: Map<string, string>[] = []
        using cursor = transaction.cursor(range)
        const inRange = (): [string, string][] =>
          [...model]
            .filter(([k]) => (range.gte ?? '') <= k && k < (range.lt ?? 'z'))
            .sort(([a], [b]) => (a < b ? -1 : 1))
        let at: string | undefined
        const check = (expected: [string, string] | undefined): void => {
          at = expected?.[0]
          expect(position(cursor)).toEqual(expected)
        }
        if (reverse) cursor.seekToLast()
        else cursor.seekToFirst()
        check(reverse ? inRange().at(-1) : inRange()[0])
        for (const one of steps) {
          switch (one.move) {
            case 'next':
              cursor.next()
              check(at === undefined ? undefined : inRange().find(([k]) => k > at!))
              break
            case 'prev':
              cursor.prev()
              check(at === undefined ? undefined : inRange().findLast(([k]) => k < at!))
              break
            case 'first':
              cursor.seekToFirst()
              check(inRange()[0])
              break
            case 'last':
              cursor.seekToLast()
              check(inRange().at(-1))
              break
            case 'seek':
              cursor.seek(one.key)
              check(inRange().find(([k]) => k >= one.key))
              break
            case 'seekForPrev':
              cursor.seekForPrev(one.key)
              check(inRange().findLast(([k]) => k <= one.key))
              break
            case 'write': {
              const { kind, key: k, value } = one.change
              if (k === 'k05') break
              if (kind === 'put') transaction.putSync(k, String(value))
              else if (kind === 'delete') transaction.deleteSync(k)
              else transaction.mergeSync(k, String(value))
              apply(model, one.change)
              break
            }
            case 'savePoint':
              transaction.setSavePoint()
              savePoints.push(new Map(model))
              break
            case 'rollback': {
              const before = savePoints.pop()
              if (before === undefined) break
              transaction.rollbackToSavePoint()
              model.clear()
              for (const [k, v] of before) model.set(k, v)
              break
            }
          }
        }
      },
    ),
    { numRuns: 150 },
  )
  assertNoOpenResources()
})

function position(cursor: Cursor): [string, string] | undefined {
  return cursor.valid ? [utf8Text(cursor.key), utf8Text(cursor.value)] : undefined
}
