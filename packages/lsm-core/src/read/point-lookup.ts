import {
  encodeInternalKey,
  trailerSizeBytes,
  UnsupportedError,
  ValueType,
  valueTypeForSeek,
  type InternalKeyComparator,
} from '@varve/base'
import type { MergeOperator } from '@varve/compaction'
import type { FileMetadata } from '@varve/manifest'
import type { Memtable } from '@varve/memtable'
import { createPointResult, type PointResult } from '@varve/sst-format'

import type { SuperVersion } from '../column-family/super-version.ts'
import { withoutTime } from '../write/value-time.ts'
import type { LookupPlans } from './lookup-plan.ts'
import { MergeContext } from './merge-context.ts'
import { notPlain, plainLookUp } from './plain-lookup.ts'
import { defaultColumnOf } from './wide-columns.ts'
import type { TableCache } from './table-cache.ts'

/** What a look-up needs besides the key. */
export interface LookupEnvironment {
  readonly comparator: InternalKeyComparator
  readonly mergeOperator: MergeOperator | undefined
  readonly tables: TableCache
  /** How the tables of the current version are gone through. */
  readonly plans: LookupPlans
  readonly familyName: string
  /** Stored values end in the time of their write. */
  readonly hasTimes: boolean
}

const scratch: PointResult = createPointResult()

/**
 * The newest value of a key at or before a sequence number: memtables, level 0 from new to old, then of a level one table, or
 * those between two of which RocksDB has cut its versions. The value is owned by the caller; undefined when there is none.
 *
 * A range tombstone counts from the source where it is seen on downwards: sources further down hold only older entries.
 */
export function lookUp(
  superVersion: SuperVersion,
  env: LookupEnvironment,
  userKey: Uint8Array,
  snapshot: number,
): Uint8Array | undefined {
  const plain = plainLookUp(superVersion, env, userKey, snapshot)
  if (plain !== notPlain) return plain
  const lookup = new PointLookup(env, userKey, snapshot)
  if (lookup.inMemtable(superVersion.active)) return lookup.result()
  const { immutables } = superVersion
  for (let i = 0; i < immutables.length; i++) {
    if (lookup.inMemtable(immutables[i]!)) return lookup.result()
  }
  const { version } = superVersion
  const { levels } = version
  const level0 = levels[0]
  if (level0 !== undefined) {
    for (let i = 0; i < level0.length; i++) if (lookup.inTable(level0[i]!)) return lookup.result()
  }
  for (let level = 1; level < levels.length; level++) {
    const files = levels[level]!
    if (files.length === 0) continue
    for (let i = version.findFile(level, lookup.target()); i < files.length; i++) {
      if (lookup.inTable(files[i]!)) return lookup.result()
      if (!lookup.mayGoOn(files[i]!)) break
    }
  }
  lookup.end()
  return lookup.result()
}

/** The state of one look-up on its way down. */
class PointLookup {
  readonly #env: LookupEnvironment
  readonly #userKey: Uint8Array
  readonly #snapshot: number
  /** Newest range tombstone over the key that has been met. */
  #tombstone = -1
  #value: Uint8Array | undefined
  #merge: MergeContext | undefined
  #target: Uint8Array | undefined

  constructor(env: LookupEnvironment, userKey: Uint8Array, snapshot: number) {
    this.#env = env
    this.#userKey = userKey
    this.#snapshot = snapshot
  }

  result(): Uint8Array | undefined {
    return this.#value
  }

  /** Seek key of the newest visible version. */
  target(): Uint8Array {
    return (this.#target ??= encodeInternalKey(this.#userKey, this.#snapshot, valueTypeForSeek))
  }

  /** True when the search has its answer. */
  inMemtable(memtable: Memtable): boolean {
    const tombstone = memtable.maxCoveringTombstone(this.#userKey, this.#snapshot)
    if (tombstone > this.#tombstone) this.#tombstone = tombstone
    let entry = memtable.find(this.#userKey, this.#snapshot)
    while (entry !== 0) {
      if (
        this.#take(
          memtable.entryType(entry),
          memtable.entrySequence(entry),
          memtable.entryValue(entry),
        )
      )
        return true
      entry = memtable.olderEntry(entry)
    }
    return false
  }

  /** True when the search has its answer. */
  inTable(file: FileMetadata): boolean {
    const env = this.#env
    const user = env.comparator.user
    const key = this.#userKey
    if (
      user.compare(key, file.smallest.subarray(0, file.smallest.length - 8)) < 0 ||
      user.compare(key, file.largest.subarray(0, file.largest.length - 8)) > 0
    ) {
      return false
    }
    const { reader, rangeTombstones } = env.tables.open(file, user)
    if (rangeTombstones !== undefined) {
      const tombstone = rangeTombstones.maxCoveringSequence(key, this.#snapshot)
      if (tombstone > this.#tombstone) this.#tombstone = tombstone
    }
    let target = this.target()
    while (reader.getSync(target, scratch)) {
      const { sequence } = scratch
      if (this.#take(scratch.type, sequence, scratch.value)) return true
      if (sequence === 0) return false
      target = encodeInternalKey(key, sequence - 1, valueTypeForSeek)
    }
    return false
  }

  /** Whether the next table of a sorted level may have older versions of the key. */
  mayGoOn({ largest }: FileMetadata): boolean {
    const last = largest.subarray(0, largest.length - trailerSizeBytes)
    return this.#env.comparator.user.compare(this.#userKey, last) === 0
  }

  /** There is nothing older. */
  end(): void {
    if (this.#merge !== undefined) this.#value = this.#merge.finish(undefined)
  }

  /** Judges the next older version; true when it decides. */
  #take(type: number, sequence: number, value: Uint8Array): boolean {
    if (sequence < this.#tombstone) {
      this.end()
      return true
    }
    if (this.#env.hasTimes && (type === ValueType.Value || type === ValueType.Merge))
      value = withoutTime(value)
    switch (type) {
      case ValueType.Value:
        this.#value = this.#merge === undefined ? new Uint8Array(value) : this.#merge.finish(value)
        return true
      case ValueType.Deletion:
      case ValueType.SingleDeletion:
        this.end()
        return true
      case ValueType.Merge:
        this.#merge ??= new MergeContext(
          this.#env.mergeOperator,
          this.#env.familyName,
          this.#userKey,
        )
        this.#merge.addOlder(value)
        return false
      case ValueType.WideColumnEntity:
        value = defaultColumnOf(value)
        this.#value = this.#merge === undefined ? new Uint8Array(value) : this.#merge.finish(value)
        return true
      case ValueType.BlobIndex:
        value = this.#env.tables.blobs.read(this.#userKey, value)
        this.#value = this.#merge === undefined ? value : this.#merge.finish(value)
        return true
      default:
        throw new UnsupportedError(`value type ${type} in family "${this.#env.familyName}"`)
    }
  }
}
