import { fc, test } from '@fast-check/vitest'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect } from 'vitest'

import {
  DB,
  SstFileWriter,
  WriteBatch,
  type ColumnFamilyHandle,
  type ColumnFamilyOptions,
  type Snapshot,
} from '../index.ts'

/** A key of few, so that overwrites, deletes and ranges meet. */
const key = fc.integer({ min: 0, max: 40 }).map((n) => `k${String(n).padStart(2, '0')}`)
const family = fc.constantFrom('default', 'other')
const value = fc.integer({ min: 0, max: 200 }).map((n) => `v${n}`.repeat((n % 9) + 1))

const entry = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), family, key, value }),
  fc.record({ kind: fc.constant('delete' as const), family, key }),
  fc.record({ kind: fc.constant('deleteRange' as const), family, key, end: key }),
  fc.record({ kind: fc.constant('merge' as const), family, key, value }),
)

const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      entries: fc.array(entry, { minLength: 1, maxLength: 8 }),
      blocking: fc.boolean(),
      sync: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('flush' as const), family }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), family }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reopen' as const),
      how: fc.constantFrom('close', 'kill'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('ingest' as const),
      family,
      entries: fc.uniqueArray(fc.record({ key, value: fc.option(value) }), {
        minLength: 1,
        maxLength: 6,
        selector: (change) => change.key,
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('transaction' as const),
      entries: fc.array(entry, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'checkpoint' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'snapshot' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'release' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('check' as const), from: key, to: key }) },
)

const layout: fc.Arbitrary<ColumnFamilyOptions> = fc.record({
  writeBufferSizeBytes: fc.constantFrom(6000, 9000, 100_000),
  blockSizeBytes: fc.constantFrom(64, 256, 4096),
  compression: fc.constantFrom(
    'none' as const,
    'snappy' as const,
    'lz4' as const,
    'zstd' as const,
    'zlib' as const,
  ),
  bloomBitsPerKey: fc.constantFrom(0, 10),
  checksum: fc.constantFrom('crc32c' as const, 'xxh3' as const),
  level0FileNumCompactionTrigger: fc.constantFrom(1, 2, 4),
  targetFileSizeBaseBytes: fc.constantFrom(200, 2000, 1 << 20),
  maxBytesForLevelBase: fc.constantFrom(1000, 10_000, 1 << 20),
  mergeOperator: fc.constant('stringappend'),
})
const familyOptions = fc
  .tuple(layout, fc.boolean())
  .map(([options, hasTimes]) => (hasTimes ? { ...options, ttlSeconds: 0 } : options))

type Change = typeof entry extends fc.Arbitrary<infer T> ? T : never

type Model = Record<'default' | 'other', Map<string, string>>

function apply(model: Model, entries: readonly Change[]): void {
  for (const change of entries) {
    const map = model[change.family as 'default' | 'other']
    switch (change.kind) {
      case 'put':
        map.set(change.key, change.value)
        break
      case 'delete':
        map.delete(change.key)
        break
      case 'deleteRange':
        for (const known of [...map.keys()])
          if (known >= change.key && known < change.end) map.delete(known)
        break
      case 'merge': {
        const before = map.get(change.key)
        map.set(change.key, before === undefined ? change.value : `${before},${change.value}`)
        break
      }
    }
  }
}

/** A table with the entries, taken in; by a batch where the family has times, which external tables have not. */
async function ingest(
  db: DB,
  fileSystem: MemoryFileSystem,
  cf: ColumnFamilyHandle,
  entries: readonly Change[],
  hasTimes: boolean,
): Promise<void> {
  const sorted = [...entries].sort((a, b) => (a.key < b.key ? -1 : 1))
  if (hasTimes) {
    const batch = new WriteBatch()
    for (const change of sorted)
      if (change.kind === 'put') batch.put(change.key, change.value, { cf })
      else batch.delete(change.key, { cf })
    await db.write(batch)
    return
  }
  await using writer = await SstFileWriter.open('/external.sst', { fileSystem })
  for (const change of sorted)
    if (change.kind === 'put') writer.put(change.key, change.value)
    else writer.delete(change.key)
  await writer.finish()
  await db.ingestExternalFile('/external.sst', { cf })
}

function copyOf(model: Model): Model {
  return { default: new Map(model.default), other: new Map(model.other) }
}

function check(db: DB, model: Model, from: string, to: string, snapshot?: Snapshot): void {
  const text = new TextDecoder()
  for (const name of ['default', 'other'] as const) {
    const cf = db.columnFamily(name)
    const options = { cf, snapshot }
    const sorted = [...model[name]].sort(([a], [b]) => (a < b ? -1 : 1))
    using cursor = db.cursor(options)
    const seen: [string, string][] = []
    for (cursor.seekToFirst(); cursor.valid; cursor.next())
      seen.push([text.decode(cursor.key), text.decode(new Uint8Array(cursor.value))])
    expect(seen).toEqual(sorted)
    const backwards: [string, string][] = []
    for (cursor.seekToLast(); cursor.valid; cursor.prev())
      backwards.push([text.decode(cursor.key), text.decode(new Uint8Array(cursor.value))])
    expect(backwards.reverse()).toEqual(sorted)

    cursor.seek(from)
    const at = sorted.findIndex(([k]) => k >= from)
    expect(cursor.valid ? text.decode(cursor.key) : undefined).toBe(sorted[at]?.[0])
    if (cursor.valid) {
      // Zigzag: directions may change at any entry.
      cursor.next()
      expect(cursor.valid ? text.decode(cursor.key) : undefined).toBe(sorted[at + 1]?.[0])
      if (cursor.valid) {
        cursor.prev()
        expect(text.decode(cursor.key)).toBe(sorted[at]![0])
        cursor.prev()
        expect(cursor.valid ? text.decode(cursor.key) : undefined).toBe(sorted[at - 1]?.[0])
        if (cursor.valid) {
          cursor.next()
          expect(text.decode(cursor.key)).toBe(sorted[at]![0])
          expect(text.decode(new Uint8Array(cursor.value))).toBe(sorted[at]![1])
        }
      }
    }
    cursor.seekForPrev(to)
    expect(cursor.valid ? text.decode(cursor.key) : undefined).toBe(
      sorted.findLast(([k]) => k <= to)?.[0],
    )

    using bounded = db.cursor({ ...options, gt: from, lte: to })
    const inside: string[] = []
    for (bounded.seekToFirst(); bounded.valid; bounded.next()) inside.push(text.decode(bounded.key))
    const expected = sorted.map(([k]) => k).filter((k) => k > from && k <= to)
    expect(inside).toEqual(expected)
    const insideBackwards: string[] = []
    for (bounded.seekToLast(); bounded.valid; bounded.prev())
      insideBackwards.push(text.decode(bounded.key))
    expect(insideBackwards.reverse()).toEqual(expected)

    for (let n = 0; n <= 40; n++) {
      const k = `k${String(n).padStart(2, '0')}`
      const found = db.getSync(k, snapshot === undefined ? { cf } : options)
      expect(found === undefined ? undefined : text.decode(found)).toBe(model[name].get(k))
    }
  }
}

describe('DB', () => {
  afterEach(() => assertNoOpenResources())

  test.prop(
    [
      fc.array(operation, { maxLength: 40 }),
      familyOptions,
      familyOptions,
      fc.constantFrom(0, 2000, 1 << 20),
    ],
    { numRuns: 120 },
  )(
    'behaves like a map under every history and any options',
    async (operations, defaultOptions, otherOptions, rowCacheBytes) => {
      const fileSystem = new MemoryFileSystem()
      const options = {
        createIfMissing: true,
        rowCacheBytes,
        fileSystem,
        columnFamilies: { default: defaultOptions, other: otherOptions },
      }
      const model: Model = { default: new Map(), other: new Map() }
      let snapshots: { snapshot: Snapshot; model: Model }[] = []
      let db = await DB.open('/db', options)
      try {
        for (const op of operations) {
          switch (op.kind) {
            case 'write': {
              const batch = new WriteBatch()
              for (const change of op.entries) {
                const cf = db.columnFamily(change.family)
                if (change.kind === 'put') batch.put(change.key, change.value, { cf })
                else if (change.kind === 'delete') batch.delete(change.key, { cf })
                else if (change.kind === 'merge') batch.merge(change.key, change.value, { cf })
                else batch.deleteRange(change.key, change.end, { cf })
              }
              if (op.blocking) db.writeSync(batch, { sync: op.sync })
              else await db.write(batch, { sync: op.sync })
              apply(model, op.entries)
              break
            }
            case 'flush':
              await db.flush({ cf: db.columnFamily(op.family) })
              break
            case 'compact':
              await db.compactRange({ cf: db.columnFamily(op.family) })
              break
            case 'ingest': {
              const changes = op.entries.map(({ key, value }): Change =>
                value === null
                  ? { kind: 'delete', family: op.family, key }
                  : { kind: 'put', family: op.family, key, value },
              )
              const { ttlSeconds } = op.family === 'default' ? defaultOptions : otherOptions
              const cf = db.columnFamily(op.family)
              await ingest(db, fileSystem, cf, changes, ttlSeconds !== undefined)
              apply(model, changes)
              break
            }
            case 'transaction': {
              using transaction = db.beginTransaction({ optimistic: true })
              const changes = op.entries.filter(({ kind }) => kind !== 'deleteRange')
              for (const change of changes) {
                const cf = db.columnFamily(change.family)
                if (change.kind === 'put') transaction.put(change.key, change.value, { cf })
                else if (change.kind === 'merge')
                  transaction.merge(change.key, change.value, { cf })
                else transaction.delete(change.key, { cf })
              }
              apply(model, changes)
              for (const change of changes) {
                const found = transaction.getSync(change.key, {
                  cf: db.columnFamily(change.family),
                })
                expect(found === undefined ? undefined : new TextDecoder().decode(found)).toBe(
                  model[change.family as 'default' | 'other'].get(change.key),
                )
              }
              await transaction.commit()
              break
            }
            case 'checkpoint': {
              await fileSystem.removeTree('/copy')
              await db.checkpoint('/copy')
              await using copy = await DB.open('/copy', options)
              check(copy, model, 'k10', 'k30')
              break
            }
            case 'snapshot':
              snapshots.push({ snapshot: db.snapshot(), model: copyOf(model) })
              break
            case 'release':
              snapshots.shift()?.snapshot.release()
              break
            case 'reopen':
              for (const { snapshot } of snapshots) snapshot.release()
              snapshots = []
              await db.close()
              if (op.how === 'kill') fileSystem.crash({ loss: 'process' })
              db = await DB.open('/db', options)
              break
            case 'check':
              check(db, model, op.from, op.to)
              for (const held of snapshots) check(db, held.model, op.from, op.to, held.snapshot)
              break
          }
        }
        check(db, model, 'k10', 'k30')
        for (const held of snapshots) check(db, held.model, 'k10', 'k30', held.snapshot)
      } finally {
        for (const { snapshot } of snapshots) snapshot.release()
        await db.close()
      }
    },
    120_000,
  )
})
