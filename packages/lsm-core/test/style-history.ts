import { utf8Text } from '@varve/base'
import type { SeededRandom } from '@varve/base/testing'
import type { FileSystem } from '@varve/vfs'
import { expect } from 'vitest'

import { SstFileWriter, WriteBatch, type DB, type Snapshot } from '../src/index.ts'

/** Content of a family as a map. */
type Content = ReadonlyMap<string, string>

interface Held {
  readonly snapshot: Snapshot
  readonly content: ReadonlyMap<string, Content>
}

/** Surroundings of a {@link StyleHistory}. */
export interface HistoryPlace {
  readonly fileSystem: FileSystem
  /** Where tables to be taken in are written. */
  readonly scratch: string
}

const keys = 400

function keyOf(n: number): string {
  return `k${String(n).padStart(5, '0')}`
}

/** Random writes, flushes, compactions and snapshots on a database, beside a model that knows what is to be read. */
export class StyleHistory {
  readonly families: readonly string[]
  readonly model: Map<string, Map<string, string>>
  readonly #random: SeededRandom
  readonly #place: HistoryPlace
  #held: Held[] = []
  #counter = 0

  constructor(random: SeededRandom, families: readonly string[], place: HistoryPlace) {
    this.#random = random
    this.families = families
    this.#place = place
    this.model = new Map(families.map((name) => [name, new Map<string, string>()]))
  }

  /** One random step. */
  async step(db: DB): Promise<void> {
    const random = this.#random
    const cf = db.columnFamily(random.pick(this.families))
    const roll = random.below(100)
    if (roll < 70) await this.#write(db)
    else if (roll < 76) await db.flush({ cf })
    else if (roll < 82) await this.#compact(db, cf.name)
    else if (roll < 85) db.suggestCompactRange({ cf, begin: keyOf(random.below(keys)) })
    else if (roll < 88) await this.#ingest(db, cf.name)
    else if (roll < 93) this.#hold(db)
    else if (roll < 97) this.#held.splice(0, 1).forEach(({ snapshot }) => snapshot.release())
    else await this.check(db)
  }

  /** Compares what is read now, and under every snapshot, with the model. */
  async check(db: DB): Promise<void> {
    for (const name of this.families) {
      expect(await contentOf(db, name)).toEqual(sorted(this.model.get(name)!))
      for (const { snapshot, content } of this.#held)
        expect(await contentOf(db, name, snapshot)).toEqual(content.get(name))
      const cf = db.columnFamily(name)
      const model = this.model.get(name)!
      for (let i = 0; i < 40; i++) {
        const key = keyOf(this.#random.below(keys))
        expect(await db.get(key, { cf, encoding: 'utf8' })).toBe(model.get(key))
      }
    }
  }

  /** Snapshots end with the database. */
  releaseAll(): void {
    for (const { snapshot } of this.#held.splice(0)) snapshot.release()
  }

  async #write(db: DB): Promise<void> {
    const random = this.#random
    const batch = new WriteBatch()
    const count = 1 + random.below(40)
    for (let i = 0; i < count; i++) {
      const name = random.pick(this.families)
      const cf = db.columnFamily(name)
      const model = this.model.get(name)!
      const n = random.below(keys)
      const key = keyOf(n)
      const roll = random.below(100)
      if (roll < 55) {
        const value = `${this.#counter++}:`.padEnd(random.below(60), 'x')
        batch.put(key, value, { cf })
        model.set(key, value)
      } else if (roll < 70) {
        batch.delete(key, { cf })
        model.delete(key)
      } else if (roll < 85) {
        const operand = `m${this.#counter++}`
        batch.merge(key, operand, { cf })
        const before = model.get(key)
        model.set(key, before === undefined ? operand : `${before},${operand}`)
      } else if (roll < 97) {
        // By contract: put once, then deleted singly, and nothing else.
        const single = `s${String(n).padStart(5, '0')}`
        if (model.delete(single)) batch.singleDelete(single, { cf })
        else {
          batch.put(single, 'once', { cf })
          model.set(single, 'once')
        }
      } else {
        const end = keyOf(Math.min(keys, n + 1 + random.below(30)))
        batch.deleteRange(key, end, { cf })
        for (const known of [...model.keys()]) if (known >= key && known < end) model.delete(known)
      }
    }
    await db.write(batch)
  }

  async #compact(db: DB, name: string): Promise<void> {
    const random = this.#random
    const from = random.below(keys)
    await db.compactRange({
      cf: db.columnFamily(name),
      ...(random.below(2) === 0
        ? { begin: keyOf(from), end: keyOf(from + random.below(200)) }
        : {}),
      exclusiveManualCompaction: random.below(2) === 0,
      bottommostLevelCompaction: random.pick([
        'skip',
        'ifHaveCompactionFilter',
        'force',
        'forceOptimized',
      ]),
    })
  }

  async #ingest(db: DB, name: string): Promise<void> {
    const random = this.#random
    const path = `${this.#place.scratch}/external-${this.#counter++}.sst`
    const start = random.below(keys)
    const model = this.model.get(name)!
    {
      const { fileSystem } = this.#place
      await using writer = await SstFileWriter.open(path, { fileSystem })
      for (let n = start; n < Math.min(keys, start + 1 + random.below(20)); n++) {
        const value = `i${this.#counter++}`
        writer.put(keyOf(n), value)
        model.set(keyOf(n), value)
      }
      await writer.finish()
    }
    await db.ingestExternalFile(path, { cf: db.columnFamily(name) })
    await this.#place.fileSystem.remove(path)
  }

  #hold(db: DB): void {
    const content = new Map([...this.model].map(([name, map]) => [name, sorted(map)]))
    this.#held.push({ snapshot: db.snapshot(), content })
  }
}

function sorted(map: ReadonlyMap<string, string>): Content {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function contentOf(db: DB, name: string, snapshot?: Snapshot): Promise<Content> {
  const content = new Map<string, string>()
  const cf = db.columnFamily(name)
  for await (const [key, value] of db.range({ cf, snapshot }))
    content.set(utf8Text(key), utf8Text(value))
  return content
}
