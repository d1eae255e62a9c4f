import type { SeededRandom } from '@varve/base/testing'
import type { ColumnFamilyHandle, DB, RangeOptions, Snapshot } from '@varve/lsm-core'

import { knownKeys } from './changes.ts'
import { sortedKeys, type Content, type FamilyModel } from './content.ts'
import { bytesOf, textOf } from './latin1.ts'

const turnsMax = 12

/**
 * Cursors with random bounds, walked both ways with turns on the way, and sought to random keys, show what the content says.
 *
 * @throws Error at the first difference
 */
export function checkCursors(
  db: DB,
  cf: ColumnFamilyHandle,
  family: FamilyModel,
  content: Content,
  random: SeededRandom,
  snapshot?: Snapshot,
): void {
  const from = random.pick(knownKeys)
  const to = random.pick(knownKeys)
  const [lowest, highest] = from < to === family.reverse ? [to, from] : [from, to]
  const lower = random.pick(['gt', 'gte', 'none'] as const)
  const upper = random.pick(['lt', 'lte', 'none'] as const)
  const bounds: RangeOptions = {
    ...(lower === 'none' ? {} : { [lower]: bytesOf(lowest) }),
    ...(upper === 'none' ? {} : { [upper]: bytesOf(highest) }),
  }
  const isBefore = (a: string, b: string): boolean => (family.reverse ? a > b : a < b)
  const keys = sortedKeys(content, family).filter(
    (key) =>
      (lower === 'none' || isBefore(lowest, key) || (lower === 'gte' && key === lowest)) &&
      (upper === 'none' || isBefore(key, highest) || (upper === 'lte' && key === highest)),
  )
  using cursor = db.cursor({ cf, snapshot, ...bounds })
  let at = -1
  const expect = (what: string): void => {
    const expected = keys[at]
    const found = cursor.valid ? textOf(cursor.key) : undefined
    if (found !== expected || (found !== undefined && textOf(cursor.value) !== content.get(found)))
      throw new Error(
        `cursor of family "${cf.name}" (${lower} ${JSON.stringify(lowest)}, ${upper} ${JSON.stringify(highest)}) after ${what}: ` +
          `at ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`,
      )
  }
  for (let turn = 0; turn < turnsMax; turn++) {
    const target = random.pick(knownKeys)
    switch (random.below(at >= 0 && at < keys.length ? 6 : 4)) {
      case 0:
        cursor.seekToFirst()
        at = keys.length > 0 ? 0 : -1
        expect('seekToFirst')
        break
      case 1:
        cursor.seekToLast()
        at = keys.length - 1
        expect('seekToLast')
        break
      case 2:
        cursor.seek(bytesOf(target))
        at = keys.findIndex((key) => !isBefore(key, target))
        expect(`seek ${JSON.stringify(target)}`)
        break
      case 3:
        cursor.seekForPrev(bytesOf(target))
        at = keys.findLastIndex((key) => !isBefore(target, key))
        expect(`seekForPrev ${JSON.stringify(target)}`)
        break
      case 4:
        cursor.next()
        at = at + 1 < keys.length ? at + 1 : -1
        expect('next')
        break
      default:
        cursor.prev()
        at--
        expect('prev')
    }
  }
}
