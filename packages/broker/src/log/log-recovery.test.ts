import { CorruptionError, systemClock } from '@varve/base'
import { readBatchHeaders, RecordBatchBuilder } from '@varve/kafka-protocol'
import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, test } from 'vitest'

import { resolveLogConfig } from '../topics/topic-config.ts'
import { FilePool } from './file-pool.ts'
import type { LogEnvironment } from './log-environment.ts'
import { openLog, type RecoveredCut } from './log-loader.ts'
import { readLog } from './log-reader.ts'
import type { PartitionLog } from './partition-log.ts'

const DIRECTORY = '/data/orders-0'

function environmentOn(fileSystem: MemoryFileSystem): LogEnvironment {
  return {
    fileSystem,
    files: new FilePool(fileSystem, 64),
    clock: systemClock,
    flush: 'never',
    // A simulated crash also ends the background syncs of sealed segments.
    onBackgroundError: () => undefined,
  }
}

async function open(
  fileSystem: MemoryFileSystem,
  options: {
    readonly configs?: Readonly<Record<string, string>>
    readonly cleanShutdown?: boolean
    readonly recoveryPoint?: number
    readonly onCut?: (cut: RecoveredCut) => void
  } = {},
): Promise<PartitionLog> {
  await fileSystem.mkdir(DIRECTORY)
  return openLog(
    {
      topic: 'orders',
      partition: 0,
      directory: DIRECTORY,
      config: resolveLogConfig(new Map(Object.entries(options.configs ?? {})), {}),
      cleanShutdown: options.cleanShutdown ?? false,
      recoveryPoint: options.recoveryPoint ?? 0,
      logStartOffset: 0,
    },
    environmentOn(fileSystem),
    options.onCut,
  )
}

function batch(producerId: number, baseSequence: number, isTransactional = false): Uint8Array {
  const builder = new RecordBatchBuilder()
  builder.append(Date.now(), new Uint8Array([baseSequence]), new Uint8Array(20))
  builder.append(Date.now(), new Uint8Array([baseSequence]), new Uint8Array(20))
  return builder.build({ producerId, producerEpoch: 0, baseSequence, isTransactional })
}

/** What a log is, for comparison: everything but what only the past knows. */
function facts(log: PartitionLog): unknown {
  return {
    start: log.logStartOffset,
    end: log.logEndOffset,
    stable: log.lastStableOffset,
    segments: log.segments.map((segment) => ({
      base: segment.baseOffset,
      size: segment.sizeBytes,
      maxTimestamp: segment.maxTimestamp,
      index: [...segment.offsetIndex.encode()],
      timeIndex: [...segment.timeIndex.encode()],
      aborted: segment.aborted,
    })),
    // The time a producer was last seen is the time of the replay after one.
    producers: log.producers.snapshot().map((entry) => ({ ...entry, timestamp: 0 })),
  }
}

const small = { 'index.interval.bytes': '100', 'segment.bytes': '700' }

async function filled(fileSystem: MemoryFileSystem): Promise<PartitionLog> {
  const log = await open(fileSystem, { configs: small })
  const marker = { producerEpoch: 0, coordinatorEpoch: 0 }
  for (let i = 0; i < 6; i++) log.append(batch(1, 2 * i))
  log.append(batch(2, 0, true))
  log.append(batch(3, 0, true))
  log.appendMarker({ ...marker, producerId: 2, committed: false })
  log.append(batch(2, 2, true))
  log.appendMarker({ ...marker, producerId: 3, committed: true })
  log.append(batch(1, 12))
  return log
}

describe('recovery', () => {
  test('after a death of the process everything is as it was', async () => {
    const fileSystem = new MemoryFileSystem()
    const before = facts(await filled(fileSystem))
    fileSystem.crash({ loss: 'process' })
    const after = await open(fileSystem, { configs: small })
    // A sealed segment has its largest time as last entry of the time index, a recovered one not before it is sealed again.
    expect(withoutTimeIndex(facts(after))).toEqual(withoutTimeIndex(before))
  })

  test('a clean close is read back without recovery', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await filled(fileSystem)
    await log.close()
    const before = facts(log)
    const again = await open(fileSystem, { configs: small, cleanShutdown: true })
    expect(facts(again)).toEqual(before)
    again.append(batch(1, 14))
    expect(() => again.append(batch(1, 20))).toThrow(/sequence 20/)
  })

  test('cut at every byte of the last segment, the whole batches before stay and appends go on', async () => {
    const original = new MemoryFileSystem()
    const configs = { 'index.interval.bytes': '100' }
    const log = await open(original, { configs })
    for (let i = 0; i < 8; i++) log.append(batch(1, 2 * i))
    const path = log.activeSegment.logPath
    const bytes = await original.readFile(path)
    const ends = [0, ...[...readBatchHeaders(bytes)].map((b) => b.position + b.header.sizeBytes)]
    for (let length = 0; length <= bytes.length; length++) {
      const fileSystem = new MemoryFileSystem()
      await fileSystem.mkdir(DIRECTORY)
      await fileSystem.writeFileAtomic(path, bytes.subarray(0, length))
      const cuts: RecoveredCut[] = []
      const recovered = await open(fileSystem, { configs, onCut: (cut) => cuts.push(cut) })
      const whole = ends.filter((end) => end <= length).length - 1
      expect(recovered.logEndOffset).toBe(2 * whole)
      expect(recovered.activeSegment.sizeBytes).toBe(ends[whole])
      expect(cuts.length).toBe(ends.includes(length) ? 0 : 1)
      expect(recovered.append(batch(1, 2 * whole)).baseOffset).toBe(2 * whole)
      const read = readLog(recovered, {
        offset: 0,
        maxBytes: 1_000_000,
        wholeFirstBatch: true,
        readCommitted: true,
      })
      expect([...readBatchHeaders(read.records)]).toHaveLength(whole + 1)
    }
  })

  test('every flipped bit of the last batch is found and cut', async () => {
    const original = new MemoryFileSystem()
    const log = await open(original)
    log.append(batch(1, 0))
    const good = log.activeSegment.sizeBytes
    log.append(batch(1, 2))
    const path = log.activeSegment.logPath
    const bytes = await original.readFile(path)
    for (let at = good; at < bytes.length; at++) {
      // Base offset and leader epoch are not covered by the CRC; a wrong base offset is found where it goes backwards.
      if (at - good < 8 || (at - good >= 12 && at - good < 16)) continue
      const damaged = new Uint8Array(bytes)
      damaged[at]! ^= 0x10
      const fileSystem = new MemoryFileSystem()
      await fileSystem.mkdir(DIRECTORY)
      await fileSystem.writeFileAtomic(path, damaged)
      const recovered = await open(fileSystem)
      expect(recovered.logEndOffset, `byte ${at}`).toBe(2)
    }
  })

  test('damage in the middle of a segment that nobody was writing is an error with file and offset', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await filled(fileSystem)
    await log.close()
    const first = log.segments[0]!
    const bytes = new Uint8Array(await fileSystem.readFile(first.logPath))
    bytes[200]! ^= 1
    await fileSystem.writeFileAtomic(first.logPath, bytes)
    await fileSystem.remove(first.path('.index'))
    const opening = open(fileSystem, { configs: small, cleanShutdown: true })
    await expect(opening).rejects.toThrow(CorruptionError)
    await expect(opening).rejects.toMatchObject({ file: first.logPath })
  })

  test('lost and damaged index files are built again', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await filled(fileSystem)
    await log.close()
    const before = facts(log)
    await fileSystem.remove(log.segments[0]!.path('.index'))
    await fileSystem.writeFileAtomic(log.segments[1]!.path('.index'), new Uint8Array(8).fill(0x7f))
    const after = await open(fileSystem, { configs: small, cleanShutdown: true })
    expect(withoutTimeIndex(facts(after))).toEqual(withoutTimeIndex(before))
  })

  test('a power loss keeps what was flushed', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const fileSystem = new MemoryFileSystem()
      const log = await open(fileSystem, { configs: small })
      await fileSystem.syncDirectory('/data')
      await fileSystem.syncDirectory('/')
      for (let i = 0; i < 9; i++) log.append(batch(1, 2 * i))
      await log.flush()
      const flushed = log.logEndOffset
      for (let i = 9; i < 15; i++) log.append(batch(1, 2 * i))
      const after = await open(fileSystem.forkAfterPowerLoss({ seed }), { configs: small })
      expect(after.logEndOffset).toBeGreaterThanOrEqual(flushed)
      expect(after.logEndOffset).toBeLessThanOrEqual(30)
      const next = after.logEndOffset
      expect(after.append(batch(1, next)).baseOffset).toBe(next)
    }
  })

  test('a failed write stops the partition, and the next open goes on', async () => {
    const fileSystem = new MemoryFileSystem({ capacityBytes: 1500 })
    const log = await open(fileSystem)
    let acknowledged = 0
    let failure: unknown
    for (let i = 0; i < 20 && failure === undefined; i++) {
      try {
        log.append(batch(1, 2 * i))
        acknowledged += 2
      } catch (error) {
        failure = error
      }
    }
    expect(failure).toMatchObject({ errorCode: 56 })
    expect(() => log.append(batch(9, 0))).toThrow(/takes no more appends/)
    expect(log.logEndOffset).toBe(acknowledged)
    fileSystem.crash({ loss: 'process' })
    expect((await open(fileSystem)).logEndOffset).toBe(acknowledged)
  })
})

function withoutTimeIndex(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (key === 'timeIndex' ? undefined : inner)),
  )
}
