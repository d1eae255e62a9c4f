import { CorruptionError } from '@varve/base'

/** Offset of one partition in a checkpoint file. */
export interface CheckpointEntry {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Name of the file that says up to where each partition is known to be on disk. */
export const RECOVERY_POINT_FILE = 'recovery-point-offset-checkpoint'

/** Name of the file that holds log starts which do not begin a segment. */
export const LOG_START_FILE = 'log-start-offset-checkpoint'

/** Name of the file that says up to where each compacted partition was compacted. */
export const CLEANER_FILE = 'cleaner-offset-checkpoint'

/** Formats an offset checkpoint: `0`, the number of entries, then `topic partition offset` lines. */
export function formatOffsetCheckpoint(entries: readonly CheckpointEntry[]): string {
  const lines = entries.map((entry) => `${entry.topic} ${entry.partition} ${entry.offset}\n`)
  return `0\n${entries.length}\n${lines.join('')}`
}

/** Parses an offset checkpoint. @throws CorruptionError when the count or a line is wrong. */
export function parseOffsetCheckpoint(text: string, file: string): CheckpointEntry[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (lines[0] !== '0') {
    throw new CorruptionError('unknown version of an offset checkpoint', { file, actual: lines[0] })
  }
  const expected = Number(lines[1])
  const entries = lines.slice(2).map((line) => {
    const match = /^(\S+) (\d+) (\d+)$/.exec(line)
    if (match === null)
      throw new CorruptionError(`bad line "${line}" in offset checkpoint`, { file })
    return { topic: match[1]!, partition: Number(match[2]), offset: Number(match[3]) }
  })
  if (entries.length !== expected) {
    throw new CorruptionError('offset checkpoint is incomplete', {
      file,
      expected,
      actual: entries.length,
    })
  }
  return entries
}

/** Text of `leader-epoch-checkpoint` of a partition that never changed its leader. */
export const leaderEpochCheckpoint = '0\n1\n0 0\n'

/** Text of `partition.metadata`; `topicId` is a UUID with dashes. */
export function formatPartitionMetadata(topicId: string): string {
  return `version: 0\ntopic_id: ${base64Uuid(topicId)}`
}

/** The 22 base64url characters by which Kafka writes a UUID. */
export function base64Uuid(uuid: string): string {
  const bytes = Uint8Array.from(uuid.replaceAll('-', '').match(/../g) ?? [], (hex) =>
    Number.parseInt(hex, 16),
  )
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
