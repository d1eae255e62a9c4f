import { CorruptionError, utf8Text } from '@varve/base'
import { assertNoOpenResources, createSeededRandom } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, it } from 'vitest'

import { DB, type Snapshot } from '../index.ts'

afterEach(() => assertNoOpenResources())

describe('the look-up of a key', () => {
  // With few open tables a look-up goes table by table, and tables close between two look-ups.
  it.each([2000, 12, 3])(
    'finds the newest value below its snapshot, with %i open tables at most',
    async (maxOpenFiles) => {
      const random = createSeededRandom(maxOpenFiles)
      // Opening tables takes its time.
      const checks = maxOpenFiles < 10 ? 3 : 150
      await using db = await DB.open('/db', {
        fileSystem: new MemoryFileSystem(),
        createIfMissing: true,
        maxOpenFiles,
        columnFamilies: {
          default: { targetFileSizeBaseBytes: 16 * 1024, maxBytesForLevelBase: 64 * 1024 },
        },
      })
      const keyOf = (): string =>
        `${'k'.repeat(1 + random.below(3))}${random.below(400)}`.padEnd(random.below(12), '0')
      const model = new Map<string, string>()
      const moments: { snapshot: Snapshot; model: Map<string, string> }[] = []
      const check = (): void => {
        for (let i = 0; i < checks; i++) {
          const key = keyOf()
          const found = db.getSync(key)
          expect(found && utf8Text(found)).toBe(model.get(key))
          for (const { snapshot, model: then } of moments) {
            const old = db.getSync(key, { snapshot })
            expect(old && utf8Text(old)).toBe(then.get(key))
          }
        }
      }
      for (let round = 0; round < 60; round++) {
        for (let i = 0; i < 60; i++) {
          const key = keyOf()
          if (random.below(5) === 0) {
            await db.delete(key)
            model.delete(key)
          } else {
            const value = `${key}@${round}.${i}`.repeat(3)
            await db.put(key, value)
            model.set(key, value)
          }
        }
        if (round % 4 === 0) moments.push({ snapshot: db.snapshot(), model: new Map(model) })
        if (moments.length > 3) moments.shift()!.snapshot.release()
        check()
        await db.flush()
        check()
        if (round % 15 === 14) await db.compactRange()
        check()
      }
      for (const { snapshot } of moments) snapshot.release()
    },
  )

  it('meets a damaged table only when it has not found the key above', async () => {
    const fileSystem = new MemoryFileSystem()
    const open = (): Promise<DB> =>
      DB.open('/db', {
        fileSystem,
        createIfMissing: true,
        columnFamilies: { default: { level0FileNumCompactionTrigger: 100 } },
      })
    const older = new Set<string>()
    {
      await using db = await open()
      await db.put('a', '1')
      await db.put('b', '1')
      await db.flush()
      for (const name of await fileSystem.list('/db')) if (name.endsWith('.sst')) older.add(name)
      await db.put('b', '2')
      await db.flush()
    }
    for (const name of older) {
      const path = `/db/${name}`
      const bytes = fileSystem.readFileSync(path).slice()
      bytes.fill(0xff, bytes.length - 20)
      const file = fileSystem.openWritableSync(path)
      file.appendSync(bytes)
      file.closeSync()
    }
    await using db = await open()
    for (let i = 0; i < 3; i++) {
      expect(utf8Text(db.getSync('b')!)).toBe('2')
      expect(() => db.getSync('a')).toThrow(CorruptionError)
    }
  })
})
