import { CorruptionError } from '@varve/base'
import { decodeControlRecord, decodeRecordBatch } from '@varve/kafka-protocol'

import type { LogEnvironment } from './log-environment.ts'
import { segmentPath } from './log-files.ts'
import { decodeProducerSnapshot } from './producer-snapshot.ts'
import { ProducerStateTable } from './producer-state.ts'
import type { Segment } from './segment.ts'
import { scanSoundSegment, type ScannedBatch } from './segment-scan.ts'
import { noteMarker } from './transaction-marker.ts'

/**
 * Producers' state at the end of the log: the newest usable snapshot, then every batch behind it. Segments that were not loaded but rebuilt get
 * their aborted transactions on the way. Snapshots of no further use are removed.
 */
export async function loadProducers(
  environment: LogEnvironment,
  directory: string,
  segments: readonly Segment[],
  snapshots: readonly number[],
  logEndOffset: number,
  wasLoaded: (segment: Segment) => boolean,
): Promise<ProducerStateTable> {
  const { fileSystem } = environment
  // A rebuilt segment has lost its aborted transactions: the state must be replayed from before it.
  const rebuilt = segments.find((segment) => !wasLoaded(segment))
  const newest = rebuilt === undefined ? logEndOffset : rebuilt.baseOffset
  let table = new ProducerStateTable()
  let from = segments[0]!.baseOffset
  let used: number | undefined
  for (const offset of snapshots.toReversed()) {
    const path = segmentPath(directory, offset, '.snapshot')
    if (used !== undefined) break
    if (offset > newest) continue
    try {
      table = ProducerStateTable.fromSnapshot(
        decodeProducerSnapshot(await fileSystem.readFile(path), path),
      )
      from = Math.max(from, offset)
      used = offset
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error
    }
  }
  const kept = new Set(segments.map((segment) => segment.baseOffset))
  for (const offset of snapshots) {
    if (kept.has(offset) || offset === used) continue
    await fileSystem.remove(segmentPath(directory, offset, '.snapshot'))
  }
  for (const segment of segments) {
    const end = segments[segments.indexOf(segment) + 1]?.baseOffset ?? logEndOffset
    if (end <= from) continue
    const replayAborted = !wasLoaded(segment)
    if (replayAborted) segment.aborted = []
    await replay(environment, segment, from, table, replayAborted)
  }
  return table
}

async function replay(
  environment: LogEnvironment,
  segment: Segment,
  from: number,
  table: ProducerStateTable,
  keepAborted: boolean,
): Promise<void> {
  const file = await environment.fileSystem.openRandomAccess(segment.logPath)
  const nowMs = environment.clock.now()
  const known = segment.aborted
  if (!keepAborted) segment.aborted = []
  try {
    const position = segment.offsetIndex.lookup(from)
    for (const batch of scanSoundSegment(file, position, segment.sizeBytes)) {
      if (batch.header.lastOffset >= from) replayBatch(batch, segment, table, nowMs)
    }
  } finally {
    await file.close()
  }
  if (!keepAborted) segment.aborted = known
}

function replayBatch(
  batch: ScannedBatch,
  segment: Segment,
  table: ProducerStateTable,
  nowMs: number,
): void {
  const { header, chunk, start } = batch
  if (header.producerId < 0) return
  if (!header.isControl) {
    table.noteBatch(header, nowMs)
    return
  }
  for (const record of decodeRecordBatch(chunk, start, { checkCrc: false })) {
    const marker = decodeControlRecord(record)
    if (marker === undefined) continue
    noteMarker(
      { producers: table, segment },
      {
        producerId: header.producerId,
        producerEpoch: header.producerEpoch,
        committed: marker.kind === 'commit',
        coordinatorEpoch: marker.coordinatorEpoch,
        offset: record.offset,
        timestampMs: record.timestamp,
      },
    )
  }
}
