import { crc32c, maskCrc32c, readFixed16, writeFixed32 } from '@varve/base'
import type { SeededRandom } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { LogReader, LogWriter, type WalRecoveryMode } from '@varve/wal'

import { textOf } from '../../history/latin1.ts'
import { BytesFile } from '../bytes-file.ts'
import type { FuzzTarget } from '../fuzz-target.ts'

const modes: readonly WalRecoveryMode[] = [
  'tolerateCorruptedTailRecords',
  'absoluteConsistency',
  'pointInTime',
  'skipAnyCorruptedRecords',
]
const blockBytes = 32_768

/** Every record that was ever written: nothing else may be read where the checksums were not touched. */
const written = new Set<string>()

function makeLog(random: SeededRandom): Uint8Array {
  const fs = new MemoryFileSystem()
  const file = fs.openWritableSync('/000012.log')
  const log = new LogWriter(file)
  for (let left = random.below(8); left >= 0; left--) {
    // Now and then across a block's end, and such that no header fits before it.
    const size = random.below(20) === 0 ? 32_740 + random.below(40) : random.below(120)
    const record = random.bytes(Math.min(size, 24))
    const padded = new Uint8Array(size)
    padded.set(record)
    written.add(textOf(padded))
    log.addRecord(padded)
  }
  file.closeSync()
  return fs.readFileSync('/000012.log')
}

/** Right checksums for every fragment whose length stays within its block. */
function repairLog(input: Uint8Array): void {
  for (let at = 0; at + 7 <= input.length;) {
    const blockEnd = Math.min(input.length, at - (at % blockBytes) + blockBytes)
    const end = at + 7 + readFixed16(input, at + 4)
    if (at + 7 > blockEnd || end > blockEnd) {
      at = blockEnd
      continue
    }
    writeFixed32(input, at, maskCrc32c(crc32c(input, at + 6, end)))
    at = end
  }
}

/** Records of a log; those whose checksums are as written must be as written. */
export const logTarget: FuzzTarget = {
  name: 'log',
  make: makeLog,
  repair: repairLog,
  run(input, { valid, repaired }) {
    const mode = modes[input.length % modes.length]!
    let damaged = false
    const reader = new LogReader(new BytesFile('/000012.log', input), {
      recoveryMode: mode,
      ...(mode === 'skipAnyCorruptedRecords' ? { onCorruption: () => (damaged = true) } : {}),
    })
    let bytes = 0
    for (let record = reader.readRecord(); record !== undefined; record = reader.readRecord()) {
      bytes += record.length
      if (!repaired && !written.has(textOf(record)))
        throw new Error('a record is read that was never written')
    }
    if (bytes > input.length) throw new Error('more is read than there is')
    if (valid && damaged) throw new Error('damage is found where there is none')
  },
  allocationMax: (inputBytes) => 65_536 + 32_768 * 4 + inputBytes * 8,
}
