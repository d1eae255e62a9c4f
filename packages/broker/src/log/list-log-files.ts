import type { FileSystem } from '@varve/vfs'

import { parseSegmentName, segmentPath, segmentSuffixes } from './log-files.ts'
import { scanSegment } from './segment-scan.ts'

/** Base offsets of the segments and of the producer snapshots; leftovers of interrupted work are settled. */
export async function listLogFiles(
  fileSystem: FileSystem,
  directory: string,
): Promise<{ readonly segments: number[]; readonly snapshots: number[] }> {
  await settleSwaps(fileSystem, directory, await fileSystem.list(directory))
  const names = await fileSystem.list(directory)
  const segments: number[] = []
  const snapshots: number[] = []
  for (const name of names) {
    const parsed = parseSegmentName(name)
    if (parsed?.suffix === '.log') segments.push(parsed.baseOffset)
    if (parsed?.suffix === '.snapshot') snapshots.push(parsed.baseOffset)
  }
  const known = new Set(segments)
  for (const name of names) {
    const parsed = parseSegmentName(name)
    if (parsed === undefined || known.has(parsed.baseOffset)) continue
    if (parsed.suffix === '.snapshot') continue
    await fileSystem.remove(`${directory}/${name}`)
  }
  segments.sort((a, b) => a - b)
  snapshots.sort((a, b) => a - b)
  return { segments, snapshots }
}

/**
 * `.cleaned` was not finished: removed. `.swap` was: it takes its place, and the segments whose offsets it covers go. `.deleted`
 * is removed.
 */
async function settleSwaps(
  fileSystem: FileSystem,
  directory: string,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    if (name.endsWith('.cleaned') || name.endsWith('.deleted')) {
      await fileSystem.remove(`${directory}/${name}`)
    }
  }
  for (const name of names) {
    if (!name.endsWith('.log.swap')) continue
    const target = parseSegmentName(name.slice(0, -'.swap'.length))
    if (target === undefined) continue
    const end = await swapEnd(fileSystem, `${directory}/${name}`, target.baseOffset)
    for (const other of names) {
      const parsed = parseSegmentName(other)
      if (parsed === undefined || !segmentSuffixes.some((suffix) => suffix === parsed.suffix)) {
        continue
      }
      const covered = parsed.baseOffset >= target.baseOffset && parsed.baseOffset < end
      if (covered && parsed.suffix !== '.snapshot') await fileSystem.remove(`${directory}/${other}`)
    }
    await fileSystem.rename(
      `${directory}/${name}`,
      segmentPath(directory, target.baseOffset, '.log'),
    )
  }
}

/** One above the last offset that a `.swap` file covers. */
async function swapEnd(fileSystem: FileSystem, path: string, baseOffset: number): Promise<number> {
  const file = await fileSystem.openRandomAccess(path)
  try {
    let end = baseOffset + 1
    for (const { header } of scanSegment(file, 0, file.sizeBytes, false)) {
      end = header.lastOffset + 1
    }
    return end
  } finally {
    await file.close()
  }
}
