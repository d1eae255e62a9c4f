import { fc, test } from '@fast-check/vitest'
import { NotOpenError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { Memtable } from '@varve/memtable'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { DB, WriteBatch, type Cursor, type DBOptions, type Snapshot } from '../index.ts'

afterEach(assertNoOpenResources)

const names = Array.from({ length: 24 }, (_, i) => `key ${String(i).padStart(3, '0')}`)

function open(fileSystem: MemoryFileSystem, options: DBOptions = {}): Promise<DB> {
  return DB.open('/db', { fileSystem, createIfMissing: true, ...options })
}

/** Reads and writes the keys until values are written over others. */
function warm(db: DB, state: Map<string, string>): void {
  for (let i = 0; i < 1500; i++) {
    const name = names[i % names.length]!
    db.getSync(name)
    const value = `warm ${i % 10}`
    db.putSync(name, value)
    state.set(name, value)
  }
}

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes)

function contentOf(cursor: Cursor): [string, string][] {
  const entries: [string, string][] = []
  for (cursor.seekToFirst(); cursor.valid; cursor.next())
    entries.push([text(cursor.key)!, text(cursor.value)!])
  return entries
}

const sorted = (state: ReadonlyMap<string, string>): [string, string][] =>
  [...state].sort(([a], [b]) => (a < b ? -1 : 1))

const activeEntries = (db: DB): number =>
  Number(db.getProperty('rocksdb.num-entries-active-mem-table'))

describe('keys that are read and written again and again', () => {
  it('take no more memory, and are as written after the log is replayed', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = new Map<string, string>()
    {
      await using db = await open(fileSystem)
      warm(db, state)
      const before = activeEntries(db)
      expect(before).toBeLessThan(1500)
      warm(db, state)
      expect(activeEntries(db)).toBe(before)
    }
    await using db = await open(fileSystem)
    for (const [name, value] of state) expect(text(db.getSync(name))).toBe(value)
  })

  it('are flushed before their log is longer than four write buffers', async () => {
    const fileSystem = new MemoryFileSystem()
    await using db = await open(fileSystem, { writeBufferSizeBytes: 64 << 10 })
    const state = new Map<string, string>()
    warm(db, state)
    for (let i = 0; i < 40; i++) {
      warm(db, state)
      await db.waitForCompactions()
    }
    const logs = (await fileSystem.list('/db')).filter((name) => name.endsWith('.log'))
    let bytes = 0
    for (const name of logs) bytes += (await fileSystem.stat(`/db/${name}`)).sizeBytes
    expect(bytes).toBeLessThan(2 * 4 * (64 << 10))
    for (const [name, value] of state) expect(text(db.getSync(name))).toBe(value)
  })

  it('are not read any more when a batch that writes them over fails in the middle, until the database is opened again', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = new Map<string, string>()
    const db = await open(fileSystem)
    warm(db, state)
    const failing = vi.spyOn(Memtable.prototype, 'addStored').mockImplementation(() => {
      throw new RangeError('no memory')
    })
    try {
      const batch = new WriteBatch().put(names[0]!, 'warm X').put('new key', 'value')
      expect(() => db.writeSync(batch)).toThrow('no memory')
    } finally {
      failing.mockRestore()
    }
    expect(() => db.getSync(names[0]!)).toThrow(NotOpenError)
    expect(() => db.cursor()).toThrow(NotOpenError)
    await db.close()
    await using again = await open(fileSystem)
    // It was in the log before.
    expect(text(again.getSync(names[0]!))).toBe('warm X')
    expect(text(again.getSync('new key'))).toBe('value')
  })

  it('have one moment in a look-up of many that lets the event loop turn', async () => {
    const fileSystem = new MemoryFileSystem()
    await using db = await open(fileSystem)
    const state = new Map<string, string>()
    warm(db, state)
    const asked = Array.from({ length: 60_000 }, (_, i) => names[i % names.length]!)
    const expected = asked.map((name) => state.get(name))
    const answer = db.multiGet(asked)
    let writes = 0
    const writing = setInterval(() => {
      for (const name of names) db.putSync(name, `newer${writes % 10}`)
      writes++
    }, 0)
    const values = await answer
    clearInterval(writing)
    expect(values.map(text)).toEqual(expected)
  })
})

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      entries: fc.array(
        fc.record({
          name: fc.constantFrom(...names),
          value: fc.option(fc.constantFrom('model 1', 'model 2', 'model 3', 'longer', 's'), {
            freq: 8,
          }),
        }),
        { minLength: 1, maxLength: 12 },
      ),
      later: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'snapshot' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'cursor' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'refresh' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'transaction' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'flush' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'check' as const }) },
)

interface View {
  readonly state: ReadonlyMap<string, string>
  readonly snapshot?: Snapshot
  readonly cursor?: Cursor
}

test.prop([fc.array(step, { minLength: 5, maxLength: 60 }), fc.boolean()], { numRuns: 60 })(
  'snapshots, cursors and transactions keep what they see',
  async (steps, rowCache) => {
    const fileSystem = new MemoryFileSystem()
    const state = new Map<string, string>()
    {
      await using db = await open(fileSystem, rowCache ? { rowCacheBytes: 1 << 16 } : {})
      const views: View[] = []
      const check = (): void => {
        for (const name of names) expect(text(db.getSync(name))).toBe(state.get(name))
        for (const view of views) {
          if (view.cursor !== undefined) expect(contentOf(view.cursor)).toEqual(sorted(view.state))
          const { snapshot } = view
          if (snapshot === undefined) continue
          for (const name of names)
            expect(text(db.getSync(name, { snapshot }))).toBe(view.state.get(name))
        }
      }
      warm(db, state)
      for (const now of steps) {
        switch (now.kind) {
          case 'write': {
            const batch = new WriteBatch()
            for (const { name, value } of now.entries) {
              if (value === null) batch.delete(name)
              else batch.put(name, value)
              if (value === null) state.delete(name)
              else state.set(name, value)
            }
            if (now.later) await db.write(batch)
            else db.writeSync(batch)
            break
          }
          case 'snapshot':
            views.push({ state: new Map(state), snapshot: db.snapshot() })
            break
          case 'cursor':
            views.push({ state: new Map(state), cursor: db.cursor() })
            break
          case 'refresh': {
            const at = views.findIndex(({ cursor }) => cursor !== undefined)
            const cursor = views[at]?.cursor
            if (cursor === undefined) break
            cursor.refresh()
            views[at] = { state: new Map(state), cursor }
            break
          }
          case 'transaction': {
            using transaction = db.beginTransaction({ optimistic: true })
            const name = names[3]!
            transaction.put(name, 'model t')
            await transaction.commit()
            state.set(name, 'model t')
            break
          }
          case 'flush':
            await db.flush()
            break
          case 'check':
            check()
        }
      }
      check()
      for (const { snapshot, cursor } of views) {
        snapshot?.release()
        cursor?.close()
      }
    }
    await using db = await open(fileSystem)
    using cursor = db.cursor()
    expect(contentOf(cursor)).toEqual(sorted(state))
  },
)
