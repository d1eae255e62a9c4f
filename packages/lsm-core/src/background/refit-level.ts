import { InvalidOptionError } from '@varve/base'
import type { Version, VersionEdit } from '@varve/manifest'

/**
 * The edit that moves all tables of a level to another one as they are; `undefined` when they are there. Without `target` it is
 * the highest one from which on all levels down to it are empty.
 *
 * @throws InvalidOptionError when levels between hold tables, or the target is none
 */
export function refitLevel(
  columnFamily: number,
  version: Version,
  level: number,
  target: number | undefined,
): VersionEdit | undefined {
  const isEmpty = (at: number): boolean => version.levels[at]!.length === 0
  let to = target ?? level
  if (target === undefined) while (to > 1 && isEmpty(to - 1)) to--
  if (!Number.isInteger(to) || to < 0 || to >= version.levels.length)
    throw new InvalidOptionError('targetLevel', `must be a level, is ${String(to)}`)
  const files = version.levels[level]!
  if (to === level || files.length === 0) return undefined
  if (level === 0) throw new InvalidOptionError('targetLevel', 'level 0 is compacted, not moved')
  // Into level 0 only one table: several would not be in the order of their sequence numbers.
  const first = Math.min(level + 1, to)
  const last = Math.max(level - 1, to)
  for (let between = first; between <= last; between++) {
    if (between !== level && !isEmpty(between))
      throw new InvalidOptionError('targetLevel', `level ${between} is in the way: it holds tables`)
  }
  if (to === 0 && files.length > 1)
    throw new InvalidOptionError('targetLevel', 'level 0 cannot take several tables')
  return {
    columnFamily,
    deletedFiles: files.map(({ number }) => ({ level, number })),
    newFiles: files.map((file) => ({ level: to, file })),
  }
}
