import {
  bytewiseComparator,
  encodeInternalKey,
  InternalKeyComparator,
  writeFixed32,
} from '@varve/base'
import type { SeededRandom } from '@varve/base/testing'
import { ChecksumType, TableBuilder, TableReader, type TableProperties } from '@varve/sst-format'
import {
  Block,
  BlockBuilder,
  BlockCursor,
  decodeFooter,
  decodeIndexBlock,
  decodeProperties,
  encodeFooter,
} from '@varve/sst-format/testing'
import { MemoryFileSystem } from '@varve/vfs'

import type { FuzzTarget } from '../fuzz-target.ts'

/** Ascending internal keys with common beginnings. */
function internalKeys(random: SeededRandom, count: number): Uint8Array[] {
  const names = new Set<string>()
  for (let n = 0; n < count; n++) names.add(`key${'x'.repeat(random.below(6))}${random.below(200)}`)
  return [...names]
    .sort()
    .map((name) => encodeInternalKey(new TextEncoder().encode(name), random.below(1 << 20), 1))
}

const order = new InternalKeyComparator(bytewiseComparator)
const targets = ['', 'key', 'key5', 'keyxxx9', 'z'].map((name) =>
  encodeInternalKey(new TextEncoder().encode(name), 1 << 19, 1),
)

/** Data blocks: plain, with an index by hash, walked and searched both ways. */
export const blockTarget: FuzzTarget = {
  name: 'block',
  make(random) {
    const builder = new BlockBuilder(random.pick([1, 2, 16]), 4096, {
      useDelta: random.below(3) > 0,
      ...(random.below(3) === 0 ? { hashRatio: 0.75 } : {}),
    })
    for (const key of internalKeys(random, 1 + random.below(30)))
      builder.add(key, random.bytes(random.below(20)))
    return new Uint8Array(builder.finish())
  },
  run(input, { valid }) {
    const block = new Block(input, 'block', 0)
    const cursor = new BlockCursor(order)
    cursor.setBlock(block)
    let forward = 0
    let before: Uint8Array | undefined
    for (cursor.seekToFirst(); cursor.valid; cursor.next()) {
      if (++forward > input.length) throw new Error('more entries than bytes')
      const key = new Uint8Array(cursor.key)
      if (cursor.value.length > input.length) throw new Error('a value beyond the block')
      if (valid && before !== undefined && order.compare(before, key) >= 0)
        throw new Error('keys out of order')
      before = key
    }
    let backward = 0
    for (cursor.seekToLast(); cursor.valid; cursor.prev())
      if (++backward > input.length) throw new Error('more entries than bytes, backwards')
    if (valid && backward !== forward) throw new Error('fewer entries backwards')
    for (const target of targets) {
      cursor.seek(target)
      if (valid && cursor.valid && order.compare(cursor.key, target) < 0)
        throw new Error('seek goes short')
      cursor.seekForPrev(target)
      if (valid && cursor.valid && order.compare(cursor.key, target) > 0)
        throw new Error('seekForPrev goes far')
    }
  },
  // Keys share what the key before had: an entry of three bytes may stand for a long one.
  allocationMax: (inputBytes) => 65_536 + inputBytes * inputBytes,
}

/** Bit of the footer word that says so. */
const separatedBit = 1 << 28

/** Data blocks whose values stand behind all keys. */
export const separatedBlockTarget: FuzzTarget = {
  ...blockTarget,
  name: 'separated-block',
  make(random) {
    const interval = random.pick([1, 2, 16])
    const keyPart: number[] = []
    const values: number[] = []
    const restarts: number[] = []
    let before: Uint8Array = new Uint8Array(0)
    for (const [i, key] of internalKeys(random, 1 + random.below(30)).entries()) {
      const value = random.bytes(random.below(20))
      const isRestart = i % interval === 0
      if (isRestart) {
        restarts.push(keyPart.length)
        before = new Uint8Array(0)
      }
      let shared = 0
      while (shared < before.length && before[shared] === key[shared]) shared++
      keyPart.push(...varint(shared), ...varint(key.length - shared), ...varint(value.length))
      // Only a restart point says where its value begins: the others follow.
      if (isRestart) keyPart.push(...varint(values.length))
      keyPart.push(...key.subarray(shared))
      values.push(...value)
      before = key
    }
    const words = [...restarts, keyPart.length, (restarts.length | separatedBit) >>> 0]
    const tail = new Uint8Array(words.length * 4)
    for (const [i, word] of words.entries()) writeFixed32(tail, i * 4, word)
    return Uint8Array.from([...keyPart, ...values, ...tail])
  },
}

/** Index blocks in every coding. */
export const indexTarget: FuzzTarget = {
  name: 'index-block',
  make(random) {
    const builder = new BlockBuilder(random.pick([1, 4]))
    let offset = 0
    for (const key of internalKeys(random, 1 + random.below(20))) {
      const size = random.below(4096)
      builder.add(key, Uint8Array.of(...varint(offset), ...varint(size)))
      offset += size + 5
    }
    return new Uint8Array(builder.finish())
  },
  run(input, { valid }) {
    const codings = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => ({
      keyIsUserKey: (n & 1) !== 0,
      valueIsDelta: (n & 2) !== 0,
      hasFirstKey: (n & 4) !== 0,
    }))
    // The valid ones are of the first coding.
    const coding = valid ? codings[0]! : codings[input.length % 8]!
    const entries = decodeIndexBlock(input, coding, 'index', 0)
    for (let i = 0; i < entries.count; i++) {
      const { offset, sizeBytes } = entries.handle(i)
      if (!(offset >= 0) || !(sizeBytes >= 0)) throw new Error('a handle below zero')
      entries.key(i)
    }
    if (entries.count > input.length) throw new Error('more entries than bytes')
  },
  allocationMax: (inputBytes) => 65_536 + inputBytes * inputBytes,
}

function varint(value: number): number[] {
  const bytes: number[] = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value & 127) | 128)
  bytes.push(value)
  return bytes
}

/** Footers of every format. */
export const footerTarget: FuzzTarget = {
  name: 'footer',
  make: (random) =>
    encodeFooter({
      formatVersion: 1 + random.below(7),
      checksum: random.pick([ChecksumType.CRC32c, ChecksumType.XXH3]),
      metaindex: { offset: random.below(1 << 19), sizeBytes: random.below(1000) },
      index: { offset: random.below(1 << 19), sizeBytes: random.below(1000) },
      baseContextChecksum: 0,
      offset: fileBytes - 53,
    }),
  run(input) {
    const footer = decodeFooter(input, fileBytes, 'table')
    for (const handle of [footer.metaindex, footer.index])
      if (handle !== undefined && !(handle.offset >= 0 && handle.sizeBytes >= 0))
        throw new Error('a handle below zero')
  },
}
const fileBytes = 1 << 20

/** Properties blocks. */
export const propertiesTarget: FuzzTarget = {
  name: 'properties',
  make(random) {
    const builder = new BlockBuilder(Number.POSITIVE_INFINITY)
    const names = [
      'comparator',
      'data.size',
      'filter.policy',
      'index.size',
      'num.entries',
      'zz.other',
    ]
    for (const name of names) {
      const value =
        name.endsWith('e') || name === 'num.entries' ? varint(random.below(1 << 30)) : [120]
      builder.add(new TextEncoder().encode(`rocksdb.${name}`), Uint8Array.from(value))
    }
    return new Uint8Array(builder.finish())
  },
  run(input) {
    const properties: TableProperties = decodeProperties(input, 'table', 0)
    if (properties.entries < 0 || Number.isNaN(properties.entries)) throw new Error('no number')
  },
  allocationMax: (inputBytes) => 65_536 + inputBytes * inputBytes,
}

/** Builds a table; returns its bytes. */
export function buildTable(
  random: SeededRandom,
  options: ConstructorParameters<typeof TableBuilder>[2],
): Uint8Array {
  const fs = new MemoryFileSystem()
  const file = fs.openWritableSync('/000008.sst')
  const builder = new TableBuilder(
    file,
    {
      comparator: bytewiseComparator,
      columnFamilyId: 0,
      columnFamilyName: 'default',
      fileNumber: 8,
      dbId: 'e33c03ec-9237-45ea-afc8-bf45535cc77e',
      sessionId: 'WMYST4YAW37AYIXQCVU5',
      creationTimeS: 1_700_000_000,
      fileCreationTimeS: 1_700_000_001,
    },
    options,
  )
  for (const key of internalKeys(random, 1 + random.below(40)))
    builder.add(key, new TextEncoder().encode('value '.repeat(random.below(20))))
  if (random.below(3) === 0)
    builder.addRangeTombstone({
      start: new TextEncoder().encode('key1'),
      end: new TextEncoder().encode('key3'),
      sequence: 1 << 21,
    })
  builder.finish()
  file.closeSync()
  return fs.readFileSync('/000008.sst')
}

/** Reads a table in every way. */
export function readTable(input: Uint8Array): number {
  const fs = new MemoryFileSystem()
  const file = fs.openWritableSync('/000008.sst')
  file.appendSync(input)
  file.closeSync()
  const reader = TableReader.openSync(fs, '/000008.sst', { comparator: bytewiseComparator })
  try {
    let entries = 0
    for (const { key, value } of reader.entries()) {
      entries++
      if (key.length < 8 || value.length > 1 << 20) throw new Error('an entry that cannot be')
    }
    return entries
  } finally {
    reader.closeSync()
  }
}
