import { bytewiseComparator, compareByteRanges, ValueType } from '@varve/base'
import type { FileMetadata } from '@varve/manifest'
import { hashKey, type Memtable } from '@varve/memtable'
import { createPointResult, FilterProbe, type PointResult } from '@varve/sst-format'

import type { SuperVersion } from '../column-family/super-version.ts'
import type { LookupEnvironment } from './point-lookup.ts'
import { seekKey } from './seek-key.ts'

/** Said by {@link plainLookUp} when the answer needs more than the newest version of a key. */
export const notPlain: unique symbol = Symbol('not plain')
/** Said by {@link lookInMemtables} when tables decide. */
export const notHere: unique symbol = Symbol('not here')

/** Its values are copied at once. */
const found: PointResult = createPointResult(true)
const probe = new FilterProbe()

/**
 * Hot. The look-up of nearly all keys: the newest version is a plain value or a deletion, and there is no range tombstone on
 * the way. Allocates nothing but the value.
 */
export function plainLookUp(
  superVersion: SuperVersion,
  env: LookupEnvironment,
  userKey: Uint8Array,
  snapshot: number,
): Uint8Array | undefined | typeof notPlain {
  const remembered = lookInMemtables(superVersion, env, userKey, snapshot)
  if (remembered !== notHere) return remembered
  const plan = env.plans.of(superVersion.version, env)
  if (plan !== undefined) {
    probe.set(userKey)
    let bits = plan.tablesOf(userKey, snapshot, probe)
    if (bits === 0) return undefined
    if (bits > 0) {
      const target = seekKey(userKey, snapshot)
      for (; bits !== 0; bits &= bits - 1) {
        const reader = plan.reader(31 - Math.clz32(bits & -bits))
        if (reader.getUnfiltered(target, found, undefined)) return outcome(env)
      }
      return undefined
    }
  }
  return lookInTables(superVersion, env, userKey, snapshot)
}

/** What {@link found} says of the key. */
function outcome(env: LookupEnvironment): Uint8Array | undefined | typeof notPlain {
  const { type } = found
  if (type === ValueType.Value && !env.hasTimes) return found.copyValue()
  return type === ValueType.Deletion ? undefined : notPlain
}

/** The search of the tables one by one, for what a plan does not do. */
function lookInTables(
  superVersion: SuperVersion,
  env: LookupEnvironment,
  userKey: Uint8Array,
  snapshot: number,
): Uint8Array | undefined | typeof notPlain {
  const { version } = superVersion
  const { levels } = version
  let target: Uint8Array | undefined
  let asked = false
  for (let level = 0; level < levels.length; level++) {
    const files = levels[level]!
    const count = files.length
    let i = 0
    let end = count
    if (level > 0 && count > 0) {
      i = version.findFile(level, (target ??= seekKey(userKey, snapshot)))
      end = Math.min(count, i + 1)
    }
    for (; i < end; i++) {
      const file = files[i]!
      const { reader, rangeTombstones } = env.tables.open(file, env.comparator.user)
      // The filter says more than the bounds, for no more time. Of what it knows the hash is taken once.
      const mayHold = reader.mayHold(userKey, found, asked)
      asked = true
      if (!mayHold && rangeTombstones === undefined) continue
      if (!isInBounds(file, env, userKey, level > 0)) continue
      if (rangeTombstones !== undefined) return notPlain
      target ??= seekKey(userKey, snapshot)
      const has =
        reader.lookupParts === undefined
          ? reader.getSync(target, found, true)
          : reader.getUnfiltered(target, found, undefined)
      if (!has) continue
      return outcome(env)
    }
  }
  return undefined
}

/**
 * Hot. What {@link plainLookUp} says when a memtable decides, else {@link notHere}. The key is hashed once for all of them; after a flush
 * there is nothing in any.
 */
export function lookInMemtables(
  superVersion: SuperVersion,
  env: LookupEnvironment,
  userKey: Uint8Array,
  snapshot: number,
): Uint8Array | undefined | typeof notPlain | typeof notHere {
  const { active, immutables } = superVersion
  if (immutables.length === 0 && active.empty) return notHere
  const hash = hashKey(userKey, 0, userKey.length)
  let memtable: Memtable = active
  for (let i = 0; ; i++) {
    if (memtable.rangeTombstones.length > 0) return notPlain
    const entry = memtable.findHashed(userKey, hash, snapshot)
    if (entry !== 0) {
      const type = memtable.entryType(entry)
      if (type === ValueType.Value && !env.hasTimes) return memtable.copyValue(entry)
      return type === ValueType.Deletion ? undefined : notPlain
    }
    if (i === immutables.length) return notHere
    memtable = immutables[i]!
  }
}

/** Hot. Whether the key is between the file's first and last; `endIsKnown` when it is not behind the last. */
export function isInBounds(
  file: FileMetadata,
  env: LookupEnvironment,
  key: Uint8Array,
  endIsKnown: boolean,
): boolean {
  const { smallest, largest } = file
  const { user } = env.comparator
  if (user !== bytewiseComparator) {
    return (
      user.compare(key, smallest.subarray(0, smallest.length - 8)) >= 0 &&
      (endIsKnown || user.compare(key, largest.subarray(0, largest.length - 8)) <= 0)
    )
  }
  return (
    compareByteRanges(key, 0, key.length, smallest, 0, smallest.length - 8) >= 0 &&
    (endIsKnown || compareByteRanges(key, 0, key.length, largest, 0, largest.length - 8) <= 0)
  )
}
