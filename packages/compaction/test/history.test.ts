import {
  bytewiseComparator,
  compareBytes,
  encodeInternalKey,
  InternalKeyComparator,
  sequenceOf,
  systemClock,
  userKeyOf,
  utf8Bytes,
  utf8Text,
  ValueType,
  valueTypeOf,
  type InternalIterator,
} from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { Version, type FileMetadata } from '@varve/manifest'
import { FragmentedRangeTombstones, TableReader, type RangeTombstone } from '@varve/sst-format'
import { MemoryFileSystem } from '@varve/vfs'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'

import {
  createCompactionJob,
  LeveledCompactionPicker,
  outputFileNumbersNeeded,
  runCompaction,
  runFlush,
  splitCompaction,
  tombstonesWithinFile,
  UniversalCompactionPicker,
  type JobEnvironment,
  type MergeOperator,
  type OutputDescription,
} from '../src/index.ts'
import { ArrayIterator } from './array-iterator.ts'

afterEach(assertNoOpenResources)

const order = new InternalKeyComparator(bytewiseComparator)

/** Concatenates: shows order and losses. */
const concatenate: MergeOperator = {
  name: 'Concatenate',
  fullMerge: (_key, base, operands) =>
    utf8Bytes([...(base === undefined ? [] : [base]), ...operands].map(utf8Text).join('')),
  partialMerge: (_key, operands) => utf8Bytes(operands.map(utf8Text).join('')),
}

interface Write {
  readonly kind: 'put' | 'delete' | 'merge' | 'deleteRange'
  readonly key: string
  readonly end: string
  readonly sequence: number
}

const keys = ['a', 'b', 'c', 'd', 'e', 'f']

const writesArbitrary = fc.array(
  fc.record({
    kind: fc.constantFrom('put', 'put', 'delete', 'merge', 'deleteRange'),
    key: fc.constantFrom(...keys),
    end: fc.constantFrom(...keys, 'g'),
  }),
  { minLength: 1, maxLength: 60 },
)

/** What a reader at `snapshot` sees: the whole history applied in order. */
function model(writes: readonly Write[], snapshot: number): Map<string, string> {
  const state = new Map<string, string>()
  for (const { kind, key, end, sequence } of writes) {
    if (sequence > snapshot) break
    if (kind === 'put') state.set(key, `${sequence};`)
    else if (kind === 'delete') state.delete(key)
    else if (kind === 'merge') state.set(key, `${state.get(key) ?? ''}+${sequence};`)
    else for (const k of keys) if (k >= key && k < end) state.delete(k)
  }
  return new Map([...state].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function entriesOf(writes: readonly Write[]): InternalIterator {
  const types = { put: ValueType.Value, delete: ValueType.Deletion, merge: ValueType.Merge }
  return new ArrayIterator(
    writes.flatMap(({ kind, key, sequence }) =>
      kind === 'deleteRange'
        ? []
        : [
            {
              key: encodeInternalKey(utf8Bytes(key), sequence, types[kind]),
              value: utf8Bytes(
                kind === 'put' ? `${sequence};` : kind === 'merge' ? `+${sequence};` : '',
              ),
            },
          ],
    ),
    order,
  )
}

function tombstonesOf(writes: readonly Write[]): RangeTombstone[] {
  return writes
    .filter(({ kind, key, end }) => kind === 'deleteRange' && key < end)
    .map(({ key, end, sequence }) => ({ start: utf8Bytes(key), end: utf8Bytes(end), sequence }))
}

/** What a reader at `snapshot` sees in the tables. */
async function read(
  fs: MemoryFileSystem,
  levels: readonly (readonly FileMetadata[])[],
  snapshot: number,
): Promise<Map<string, string>> {
  const all: { key: Uint8Array; value: Uint8Array }[] = []
  const tombstones: RangeTombstone[] = []
  for (const file of levels.flat()) {
    await using table = await TableReader.open(
      fs,
      `/db/${String(file.number).padStart(6, '0')}.sst`,
    )
    await table.verify()
    for (const entry of table.entries()) {
      expect(order.compare(file.smallest, entry.key)).toBeLessThanOrEqual(0)
      expect(order.compare(entry.key, file.largest)).toBeLessThanOrEqual(0)
      all.push(entry)
    }
    tombstones.push(...tombstonesWithinFile(table.rangeTombstones, file, bytewiseComparator))
  }
  const fragmented = new FragmentedRangeTombstones(tombstones, bytewiseComparator)
  const state = new Map<string, string>()
  for (const name of keys) {
    const userKey = utf8Bytes(name)
    const covered = fragmented.maxCoveringSequence(userKey, snapshot)
    const versions = all
      .filter(
        ({ key }) => compareBytes(userKeyOf(key), userKey) === 0 && sequenceOf(key) <= snapshot,
      )
      .sort((a, b) => order.compare(a.key, b.key))
    let operands = ''
    let found = false
    for (const { key, value } of versions) {
      if (sequenceOf(key) < covered || valueTypeOf(key) === ValueType.Deletion) break
      found = true
      operands = utf8Text(value) + operands
      if (valueTypeOf(key) === ValueType.Value) break
    }
    if (found) state.set(name, operands)
  }
  return state
}

describe('what every snapshot sees', () => {
  test('stays the same through flushes and compactions', async () => {
    await fc.assert(
      fc.asyncProperty(
        writesArbitrary,
        fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom('static', 'dynamic', 'universal'),
        fc.integer({ min: 1, max: 4 }),
        async (random, snapshotList, perTable, style, maxParts) => {
          const writes = random.map((write, i) => ({ ...write, sequence: i + 1 }) as Write)
          const snapshots = [...new Set(snapshotList)].sort((a, b) => a - b)
          const readers = [...snapshots, writes.length]
          const fs = new MemoryFileSystem()
          await fs.mkdir('/db')
          const environment: JobEnvironment = {
            fs,
            clock: systemClock,
            comparator: () => bytewiseComparator,
            mergeOperator: () => concatenate,
          }
          let nextNumber = 10
          const description = (count: number): OutputDescription => {
            const first = nextNumber
            nextNumber += count
            return {
              directory: '/db',
              columnFamilyId: 0,
              columnFamilyName: 'default',
              comparatorName: bytewiseComparator.name,
              mergeOperatorName: concatenate.name,
              fileNumbers: { first, count },
              snapshots,
              table: { blockSizeBytes: 64 },
            }
          }
          const levels: FileMetadata[][] = Array.from({ length: 4 }, () => [])
          const sizes = { level0FileNumCompactionTrigger: 2, targetFileSizeBaseBytes: 600 }
          const picker =
            style === 'universal'
              ? new UniversalCompactionPicker({ ...sizes, maxSizeAmplificationPercent: 50 })
              : new LeveledCompactionPicker({
                  ...sizes,
                  maxBytesForLevelBase: 900,
                  maxBytesForLevelMultiplier: 2,
                  dynamicLevelBytes: style === 'dynamic',
                })
          for (let start = 0; start < writes.length; start += perTable) {
            const part = writes.slice(start, start + perTable)
            const { outputs } = await runFlush(
              description(1),
              { entries: entriesOf(part), rangeTombstones: tombstonesOf(part) },
              environment,
            )
            for (const { file } of outputs) levels[0]!.unshift(file)
            for (let round = 0; round < 20; round++) {
              const version = new Version(bytewiseComparator, levels)
              const compaction = picker.pick({
                version,
                filesInCompaction: new Set(),
                ...(snapshots.length === 0 ? {} : { oldestSnapshot: snapshots[0]! }),
              })
              if (compaction === undefined) break
              expect(round).toBeLessThan(19) // comes to an end
              const gone = new Set(
                compaction.inputs.flatMap(({ files }) => files.map((f) => f.number)),
              )
              for (let i = 0; i < 4; i++) levels[i] = levels[i]!.filter((f) => !gone.has(f.number))
              const parts = splitCompaction(compaction, bytewiseComparator, maxParts)
              const rewritten: FileMetadata[] = []
              for (const part of compaction.kind === 'move' ? [] : parts) {
                const output = description(outputFileNumbersNeeded(compaction))
                const job = createCompactionJob(compaction, output, part)
                const { outputs } = await runCompaction(job, environment)
                rewritten.push(...outputs.map(({ file }) => file))
              }
              const result =
                compaction.kind === 'move'
                  ? compaction.inputs.flatMap(({ files }) => files)
                  : rewritten
              levels[compaction.outputLevel] = [...levels[compaction.outputLevel]!, ...result].sort(
                (a, b) =>
                  compaction.outputLevel === 0
                    ? b.largestSequence - a.largestSequence
                    : order.compare(a.smallest, b.smallest),
              )
              for (const level of levels.slice(1)) {
                for (let i = 1; i < level.length; i++) {
                  expect(order.compare(level[i - 1]!.largest, level[i]!.smallest)).toBeLessThan(0)
                }
              }
            }
            const upTo = start + part.length
            for (const snapshot of readers.filter((s) => s <= upTo || s === writes.length)) {
              const seen = await read(fs, levels, snapshot)
              expect(seen).toEqual(model(writes.slice(0, upTo), snapshot))
            }
          }
        },
      ),
      { numRuns: 200 },
    )
  }, 120_000)
})
