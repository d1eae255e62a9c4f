import { crc32c, maskCrc32c, writeFixed32 } from '@varve/base'
import type { SeededRandom } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { LogReader, LogWriter, type WalRecoveryMode } from '@varve/wal'

import { BytesFile } from '../bytes-file.ts'
import type { FuzzTarget } from '../fuzz-target.ts'

const modes: readonly WalRecoveryMode[] = [
  'tolerateCorruptedTailRecords',
  'absoluteConsistency',
  'pointInTime',
  'skipAnyCorruptedRecords',
]
const logNumber = 12
const headerBytes = 11
/** Recyclable form of the record that tells of the log before. */
const predecessorType = 131

/** The log of `number` with some records, the first byte of each of which is `mark`. */
function lifeOf(
  random: SeededRandom,
  number: number,
  mark: number,
  recordsMax: number,
): Uint8Array {
  const fs = new MemoryFileSystem()
  const file = fs.openWritableSync('/life')
  const log = new LogWriter(file, { recyclableAs: number })
  for (let left = random.below(recordsMax); left >= 0; left--) {
    const record = random.bytes(1 + random.below(60))
    record[0] = mark
    log.addRecord(record)
  }
  file.closeSync()
  return fs.readFileSync('/life')
}

/** A fragment of a type that the writer does not make. */
function fragmentOf(type: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes + payload.length)
  bytes[4] = payload.length
  bytes[6] = type
  writeFixed32(bytes, 7, logNumber)
  bytes.set(payload, headerBytes)
  writeFixed32(bytes, 0, maskCrc32c(crc32c(bytes, 6, bytes.length)))
  return bytes
}

/** A log written over an older one: records of this life, the rest of the last one behind them. */
export const recycledLogTarget: FuzzTarget = {
  name: 'recycled-log',
  make(random) {
    const before = lifeOf(random, logNumber - 5, 1, 12)
    const now = lifeOf(random, logNumber, 2, 6)
    const other =
      random.below(3) === 0
        ? fragmentOf(predecessorType, random.bytes(random.below(30)))
        : new Uint8Array(0)
    const bytes = new Uint8Array(Math.max(before.length, now.length + other.length))
    bytes.set(before)
    bytes.set(now)
    bytes.set(other, now.length)
    return bytes
  },
  run(input, { valid, repaired }) {
    // Where one life ends in the middle of a record of the one before, only this mode can tell that from damage.
    const mode = valid ? 'tolerateCorruptedTailRecords' : modes[input.length % modes.length]!
    const reader = new LogReader(new BytesFile('/000012.log', input), {
      recoveryMode: mode,
      logNumber,
      ...(mode === 'skipAnyCorruptedRecords' ? { onCorruption: () => undefined } : {}),
    })
    let bytes = 0
    for (let record = reader.readRecord(); record !== undefined; record = reader.readRecord()) {
      bytes += record.length
      if ((valid || !repaired) && record.length > 0 && record[0] !== 2)
        throw new Error('a record of another life is read')
    }
    if (bytes > input.length) throw new Error('more is read than there is')
  },
  allocationMax: (inputBytes) => 65_536 + 32_768 * 4 + inputBytes * 8,
}
