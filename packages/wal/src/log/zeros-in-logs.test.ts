import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, it } from 'vitest'

import { LogReader, LogWriter } from '../index.ts'
import { blockSizeBytes } from './record-format.ts'

describe('zeros where a fragment should begin', () => {
  it('are found once, also when what stands before their length and type is no zero', async () => {
    const fs = new MemoryFileSystem()
    const file = fs.openWritableSync('/000012.log')
    const log = new LogWriter(file)
    log.addRecord(new Uint8Array(10))
    log.addRecord(new Uint8Array(2 * blockSizeBytes))
    log.addRecord(Uint8Array.of(7))
    file.closeSync()
    const bytes = fs.readFileSync('/000012.log')
    // The second record begins with a checksum, no length and no type.
    bytes.fill(0, 17 + 4, blockSizeBytes)
    await fs.writeFileAtomic('/000012.log', bytes)
    const found: number[] = []
    const damages: string[] = []
    await using reader = await LogReader.open(fs, '/000012.log', {
      recoveryMode: 'skipAnyCorruptedRecords',
      onCorruption: ({ message }) => damages.push(message),
    })
    for (let record = reader.readRecord(); record !== undefined; record = reader.readRecord())
      found.push(record.length)
    expect(found).toEqual([10, 1])
    expect(damages.length).toBeGreaterThan(0)
  })
})
