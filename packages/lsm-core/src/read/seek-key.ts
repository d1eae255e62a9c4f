import { copyRange, valueTypeForSeek, writeTrailer } from '@varve/base'

const maxKeptTargets = 64
/** Arrays for seek keys by their length: nearly all keys of a database have few lengths. */
const targets: (Uint8Array | undefined)[] = []

/** Hot. The internal key of the newest version that `snapshot` sees, in an array that the next call may take again. */
export function seekKey(userKey: Uint8Array, snapshot: number): Uint8Array {
  const { length } = userKey
  let target = length < maxKeptTargets ? targets[length] : undefined
  if (target === undefined) {
    target = new Uint8Array(length + 8)
    if (length < maxKeptTargets) targets[length] = target
  }
  copyRange(userKey, 0, length, target, 0)
  writeTrailer(target, length, snapshot, valueTypeForSeek)
  return target
}
