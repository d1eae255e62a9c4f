import {
  bytewiseComparator,
  comparatorNamed,
  InvalidOptionError,
  UnsupportedError,
  type Comparator,
} from '@varve/base'

/**
 * The order of a stored family: `wanted`, which must be the one it was made with, or the one its name in the MANIFEST says.
 *
 * @throws InvalidOptionError when the two differ
 * @throws UnsupportedError when nothing is wanted and the name is not known
 */
export function resolveComparator(
  familyName: string,
  storedName: string | undefined,
  wanted: Comparator | undefined,
  directory: string,
): Comparator {
  const stored = storedName ?? bytewiseComparator.name
  if (wanted === undefined) {
    const known = comparatorNamed(stored)
    if (known !== undefined) return known
    if (stored.endsWith('.u64ts'))
      throw new UnsupportedError(
        `user-defined timestamps, which column family "${familyName}" in "${directory}" has`,
      )
    throw new UnsupportedError(
      `comparator "${stored}" of column family "${familyName}" in "${directory}"`,
    )
  }
  if (storedName !== undefined && wanted.name !== storedName) {
    throw new InvalidOptionError(
      'comparator',
      `column family "${familyName}" was made with "${storedName}", not "${wanted.name}"`,
    )
  }
  return wanted
}
