import { join } from 'node:path'

/** Suffixes of the files of a segment. */
export type SegmentSuffix = '.log' | '.index' | '.timeindex' | '.txnindex' | '.snapshot'

/** All suffixes that belong to one segment. */
export const segmentSuffixes: readonly SegmentSuffix[] = [
  '.index',
  '.timeindex',
  '.txnindex',
  '.snapshot',
  '.log',
]

/** Path of a segment's file: the base offset in 20 digits. */
export function segmentPath(directory: string, baseOffset: number, suffix: string): string {
  return join(directory, String(baseOffset).padStart(20, '0') + suffix)
}

/** Base offset and suffix of a segment's file; `undefined` for any other name. */
export function parseSegmentName(
  name: string,
): { readonly baseOffset: number; readonly suffix: string } | undefined {
  const match = /^(\d{20})(\..+)$/.exec(name)
  if (match === null) return undefined
  const baseOffset = Number(match[1])
  return Number.isSafeInteger(baseOffset) ? { baseOffset, suffix: match[2]! } : undefined
}

/** Name of a partition's directory. */
export function partitionDirectoryName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** Topic and partition of a directory name; `undefined` when it is none. */
export function parsePartitionDirectoryName(
  name: string,
): { readonly topic: string; readonly partition: number } | undefined {
  const match = /^([a-zA-Z0-9._-]+)-(\d{1,9})$/.exec(name)
  return match === null ? undefined : { topic: match[1]!, partition: Number(match[2]) }
}
