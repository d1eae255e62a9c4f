import { utf8Text } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { BlockCache } from '@varve/sst-format'
import { MemoryFileSystem } from '@varve/vfs'
import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'

import {
  DB,
  type ColumnFamilyHandle,
  type ColumnFamilyOptions,
  type Cursor,
  type Snapshot,
} from '../index.ts'

type Model = Map<string, string>

/** A cursor and what it must show. */
interface Open {
  readonly cursor: Cursor
  readonly entries: readonly (readonly [string, string])[]
  /** Index of the entry it stands on; out of range: it is not valid. */
  at: number
}

const key = fc
  .oneof(fc.nat(30), fc.nat(400))
  .map((n) => `key ${String(n).padStart(n % 3 === 0 ? 4 : 2, '0')}`)
const value = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.nat(9).map((n) => String(n).repeat(200)),
)
const family = fc.nat(1)
const pick = fc.nat(7)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), family, key, value }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('merge' as const), family, key, value }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), family, key }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('deleteRange' as const), family, key, end: key }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush' as const), family }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), family }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('snapshot' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('open' as const), family, atSnapshot: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('close' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('refresh' as const), pick, family }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('seek' as const), pick, key }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('seekForPrev' as const), pick, key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('first' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('last' as const), pick }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('next' as const), pick, count: fc.nat(9) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('prev' as const), pick, count: fc.nat(9) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      family,
      keys: fc.array(key, { maxLength: 40 }),
    }),
  },
)

/** Blocks of a few entries in tables of a few blocks, most of which the cache does not keep; or all in one. */
const storages: readonly {
  cacheBytes: number
  maxOpenFiles?: number
  tables: ColumnFamilyOptions
}[] = [
  { cacheBytes: 1 << 20, tables: {} },
  { cacheBytes: 0, tables: { blockSizeBytes: 128, targetFileSizeBaseBytes: 512 } },
  {
    cacheBytes: 2048,
    maxOpenFiles: 16,
    tables: { blockSizeBytes: 128, targetFileSizeBaseBytes: 512 },
  },
  { cacheBytes: 0, tables: { compression: 'none', blockSizeBytes: 256 } },
  { cacheBytes: 8 << 20, tables: { blockSizeBytes: 256, targetFileSizeBaseBytes: 512 } },
]

const sorted = (model: Model): [string, string][] =>
  [...model].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))

describe('cursors that are opened and closed in turn', () => {
  test.prop([fc.array(step, { minLength: 20, maxLength: 120 }), fc.constantFrom(...storages)], {
    numRuns: 120,
  })(
    'show what there was when each was opened, whatever is written, flushed and compacted meanwhile',
    async (steps, { cacheBytes, maxOpenFiles = 1000, tables }) => {
      const db = await DB.open('/db', {
        maxOpenFiles,
        blockCache: new BlockCache({ capacityBytes: cacheBytes }),
        fileSystem: new MemoryFileSystem(),
        createIfMissing: true,
        columnFamilies: {
          default: { ...tables, mergeOperator: 'stringappend' },
          other: { ...tables, mergeOperator: 'stringappend' },
        },
      })
      const families: ColumnFamilyHandle[] = [db.defaultColumnFamily, db.columnFamily('other')]
      const models: Model[] = [new Map(), new Map()]
      let snapshot: { taken: Snapshot; models: Model[] } | undefined
      const cursors: (Open & { family: number })[] = []
      for (const each of steps) {
        const cf = 'family' in each ? families[each.family]! : undefined
        const model = 'family' in each ? models[each.family]! : new Map<string, string>()
        const open = 'pick' in each ? cursors[each.pick % Math.max(1, cursors.length)] : undefined
        switch (each.kind) {
          case 'put':
            db.putSync(each.key, each.value, { cf: cf! })
            model.set(each.key, each.value)
            break
          case 'merge': {
            const before = model.get(each.key)
            await db.merge(each.key, each.value, { cf: cf! })
            model.set(each.key, before === undefined ? each.value : `${before},${each.value}`)
            break
          }
          case 'delete':
            db.deleteSync(each.key, { cf: cf! })
            model.delete(each.key)
            break
          case 'deleteRange': {
            const [start, end] = each.key < each.end ? [each.key, each.end] : [each.end, each.key]
            await db.deleteRange(start, end, { cf: cf! })
            for (const known of [...model.keys()])
              if (known >= start && known < end) model.delete(known)
            break
          }
          case 'flush':
            await db.flush({ cf: cf! })
            break
          case 'compact':
            await db.compactRange({ cf: cf! })
            break
          case 'snapshot':
            snapshot?.taken.release()
            snapshot = { taken: db.snapshot(), models: models.map((known) => new Map(known)) }
            break
          case 'open': {
            const at = each.atSnapshot ? snapshot : undefined
            const cursor = db.cursor(
              at === undefined ? { cf: cf! } : { cf: cf!, snapshot: at.taken },
            )
            const entries = sorted(at === undefined ? model : at.models[each.family]!)
            cursors.push({ cursor, entries, at: -1, family: each.family })
            break
          }
          case 'close':
            if (open === undefined) break
            open.cursor.close()
            cursors.splice(cursors.indexOf(open), 1)
            break
          case 'refresh': {
            if (open === undefined) break
            open.cursor.refresh()
            const { cursor } = open
            const entries = sorted(models[open.family]!)
            cursors[cursors.indexOf(open)] = { cursor, entries, at: -1, family: open.family }
            break
          }
          case 'seek':
            if (open === undefined) break
            open.cursor.seek(each.key)
            open.at = open.entries.findIndex(([known]) => known >= each.key)
            break
          case 'seekForPrev':
            if (open === undefined) break
            open.cursor.seekForPrev(each.key)
            open.at = open.entries.findLastIndex(([known]) => known <= each.key)
            break
          case 'first':
            if (open === undefined) break
            open.cursor.seekToFirst()
            open.at = open.entries.length > 0 ? 0 : -1
            break
          case 'last':
            if (open === undefined) break
            open.cursor.seekToLast()
            open.at = open.entries.length - 1
            break
          case 'next':
          case 'prev':
            for (let i = 0; open?.cursor.valid === true && i < each.count; i++) {
              if (each.kind === 'next') open.cursor.next()
              else open.cursor.prev()
              open.at += each.kind === 'next' ? 1 : -1
              check(open)
            }
            break
          case 'read': {
            const expected = each.keys.map((wanted) => model.get(wanted))
            const text = (bytes: Uint8Array | undefined): string | undefined =>
              bytes === undefined ? undefined : utf8Text(bytes)
            expect(db.multiGetSync(each.keys, { cf: cf! }).map(text)).toEqual(expected)
            expect(each.keys.map((wanted) => text(db.getSync(wanted, { cf: cf! })))).toEqual(
              expected,
            )
            break
          }
        }
        // What one does must not move, nor change, what another one stands on.
        for (const each of cursors) check(each)
      }
      for (const { cursor } of cursors) cursor.close()
      snapshot?.taken.release()
      await db.close()
      assertNoOpenResources()
    },
  )
})

function check({ cursor, entries, at }: Open): void {
  const entry = entries[at]
  expect(cursor.valid).toBe(entry !== undefined)
  if (entry !== undefined) expect([utf8Text(cursor.key), utf8Text(cursor.value)]).toEqual(entry)
}
