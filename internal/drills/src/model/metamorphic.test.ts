import { createSeededRandom } from '@varve/base/testing'
import { DB, WriteBatch } from '@varve/lsm-core'
import { MemoryFileSystem } from '@varve/vfs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { randomFamily } from '../history/setup.ts'

/** What a user asks for: of it alone the content may depend. */
const write = fc.record({
  kind: fc.constantFrom('put', 'put', 'put', 'delete', 'merge', 'deleteRange' as const),
  key: fc.integer({ min: 0, max: 30 }),
  length: fc.integer({ min: 0, max: 200 }),
})
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never

/** What happens between two writes and must not show. */
const disturbance = fc.constantFrom(
  'none',
  'none',
  'none',
  'flush',
  'compact',
  'compactPart',
  'reopen',
)

const keyOf = (n: number): string => `key${String(n).padStart(3, '0')}`

/** Runs the writes under options of `seed`, disturbed; returns what is there at last. */
async function contentAfter(
  writes: readonly Write[],
  disturbances: readonly string[],
  seed: number,
): Promise<[string, string][]> {
  const fileSystem = new MemoryFileSystem()
  const { options } = randomFamily(createSeededRandom(seed), 'default', { noTimes: true })
  // The operator and the order are the user's, not the options'.
  const { mergeOperator: _, comparator: __, ...others } = options
  const columnFamilies = { default: { ...others, mergeOperator: 'stringappend' } }
  const open = (): Promise<DB> =>
    DB.open('/db', { fileSystem, columnFamilies, createIfMissing: true })
  let db = await open()
  try {
    for (const [n, { kind, key, length }] of writes.entries()) {
      const batch = new WriteBatch()
      const value = `${n}${'x'.repeat(length)}`
      if (kind === 'put') batch.put(keyOf(key), value)
      else if (kind === 'delete') batch.delete(keyOf(key))
      else if (kind === 'merge') batch.merge(keyOf(key), value)
      else batch.deleteRange(keyOf(key), keyOf(key + (length % 10)))
      await db.write(batch)
      switch (disturbances[n % disturbances.length]) {
        case 'flush':
          await db.flush()
          break
        case 'compact':
          await db.compactRange()
          break
        case 'compactPart':
          await db.compactRange({ begin: keyOf(5), end: keyOf(15) })
          break
        case 'reopen':
          await db.close()
          db = await open()
          break
        default:
          break
      }
    }
    const decoder = new TextDecoder()
    const content: [string, string][] = []
    for await (const [key, value] of db.range())
      content.push([decoder.decode(key), decoder.decode(value)])
    return content
  } finally {
    await db.close()
  }
}

describe('the same writes', () => {
  it('give the same content under any options and whatever happens between them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { minLength: 1, maxLength: 80 }),
        fc.array(disturbance, { minLength: 1, maxLength: 20 }),
        fc.array(disturbance, { minLength: 1, maxLength: 20 }),
        fc.nat(),
        fc.nat(),
        async (writes, some, others, one, another) => {
          expect(await contentAfter(writes, some, one)).toEqual(
            await contentAfter(writes, others, another),
          )
        },
      ),
      { numRuns: Number(process.env['VARVE_METAMORPHIC_RUNS'] ?? 60) },
    )
  }, 600_000)
})
