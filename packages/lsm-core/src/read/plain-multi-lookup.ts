import { bytewiseComparator, ValueType } from '@varve/base'
import type { FileMetadata } from '@varve/manifest'
import { createPointResult, LookupBatch, type PointResult } from '@varve/sst-format'

import type { SuperVersion } from '../column-family/super-version.ts'
import { isInBounds, lookInMemtables, notHere, notPlain } from './plain-lookup.ts'
import { lookUp, type LookupEnvironment } from './point-lookup.ts'

/** Keys that take their steps together: what they touch has room in the nearest cache of the processor. */
export const keysTogether = 32
/** Tables of level 0 whose filters are read ahead. */
const maxTouchedTables = 8

const batch = new LookupBatch(keysTogether)
/** Its values are copied at once. */
const found: PointResult = createPointResult(true)
/** Slots that are not decided, and those among them that a table may decide. */
const open = new Int32Array(keysTogether)
const asked = new Int32Array(keysTogether)
/** By slot: where the search for a table goes on, and the table that is asked. */
const levelOf = new Int32Array(keysTogether)
const nextOf = new Int32Array(keysTogether)
const fileOf: (FileMetadata | undefined)[] = new Array<FileMetadata | undefined>(keysTogether).fill(
  undefined,
)

/**
 * Hot. {@link lookUp} of up to {@link keysTogether} keys, `keys[places[from]]` to `keys[places[to - 1]]`, into the same places of
 * `values`: they go down the tables side by side, see {@link LookupBatch}. What needs more than the newest version of a key is looked up
 * alone.
 */
export function lookUpTogether(
  superVersion: SuperVersion,
  env: LookupEnvironment,
  keys: readonly Uint8Array[],
  places: Int32Array,
  from: number,
  to: number,
  snapshot: number,
  values: (Uint8Array | undefined)[],
): void {
  const isPlain = env.comparator.user === bytewiseComparator && !env.hasTimes
  let openCount = 0
  let alone: number[] | undefined
  for (let i = from; i < to; i++) {
    const place = places[i]!
    const key = keys[place]!
    const known = isPlain ? lookInMemtables(superVersion, env, key, snapshot) : notPlain
    if (known === notHere) {
      const slot = i - from
      batch.set(slot, key, snapshot)
      levelOf[slot] = 0
      nextOf[slot] = 0
      open[openCount++] = slot
    } else if (known === notPlain) (alone ??= []).push(place)
    else values[place] = known
  }
  if (openCount > 0) touchFilters(superVersion, env, openCount)
  while (openCount > 0) {
    let askedCount = 0
    for (let i = 0; i < openCount; i++) {
      const slot = open[i]!
      const place = places[from + slot]!
      const key = keys[place]!
      const file = nextTable(superVersion, env, slot, key)
      if (file === notPlain) (alone ??= []).push(place)
      else if (file !== undefined) {
        fileOf[slot] = file
        asked[askedCount++] = slot
      }
    }
    batch.search(asked, askedCount)
    openCount = 0
    for (let i = 0; i < askedCount; i++) {
      const slot = asked[i]!
      // Of many tables, one that is opened may close another one.
      const { reader } = env.tables.open(fileOf[slot]!, env.comparator.user)
      fileOf[slot] = undefined
      if (!batch.find(slot, reader, found)) {
        open[openCount++] = slot
        continue
      }
      const place = places[from + slot]!
      const { type } = found
      if (type === ValueType.Value) values[place] = found.copyValue()
      else if (type !== ValueType.Deletion) (alone ??= []).push(place)
    }
  }
  if (alone === undefined) return
  // At the end: a merge operator may look keys up itself.
  for (const place of alone) values[place] = lookUp(superVersion, env, keys[place]!, snapshot)
}

/** Has the lines of filters that most keys are asked of read before the first of them decides anything. */
function touchFilters(superVersion: SuperVersion, env: LookupEnvironment, openCount: number): void {
  const level0 = superVersion.version.levels[0]!
  for (let f = 0; f < level0.length && f < maxTouchedTables; f++) {
    const parts = env.tables.open(level0[f]!, env.comparator.user).reader.lookupParts
    if (parts === undefined) continue
    for (let i = 0; i < openCount; i++) batch.touchFilter(open[i]!, parts)
  }
}

/** The next table that may have the key of a slot, undefined when there is none. */
function nextTable(
  superVersion: SuperVersion,
  env: LookupEnvironment,
  slot: number,
  key: Uint8Array,
): FileMetadata | undefined | typeof notPlain {
  const { version } = superVersion
  const { levels } = version
  let level = levelOf[slot]!
  for (; level < levels.length; level++) {
    const files = levels[level]!
    let i = 0
    let end = files.length
    if (level === 0) i = nextOf[slot]!
    else if (end > 0) {
      i = version.findFile(level, batch.target(slot))
      end = Math.min(end, i + 1)
    }
    for (; i < end; i++) {
      const file = files[i]!
      if (!isInBounds(file, env, key, level > 0)) continue
      const { reader, rangeTombstones } = env.tables.open(file, env.comparator.user)
      const parts = reader.lookupParts
      if (rangeTombstones !== undefined || parts === undefined) return notPlain
      if (!batch.mayBeIn(slot, parts)) continue
      levelOf[slot] = level === 0 ? 0 : level + 1
      nextOf[slot] = i + 1
      return file
    }
  }
  levelOf[slot] = level
  return undefined
}
