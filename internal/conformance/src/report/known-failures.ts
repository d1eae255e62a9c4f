import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Case id → class of its reason. */
export type KnownFailures = Readonly<Record<string, string>>

const path = fileURLToPath(new URL('../../known-failures.json', import.meta.url))

/** Reads the checked-in list; `undefined` when there is none. */
export function readKnownFailures(): KnownFailures | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as KnownFailures) : undefined
}

export function writeKnownFailures(known: KnownFailures): void {
  const sorted = Object.fromEntries(
    Object.entries(known).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  )
  writeFileSync(path, `${JSON.stringify(sorted, null, 2)}\n`)
}

/** How results differ from the list: every line is a reason to fail. */
export function compareWithKnown(
  known: KnownFailures,
  results: ReadonlyMap<string, boolean>,
): string[] {
  const differences: string[] = []
  for (const [id, passed] of results) {
    const listed = Object.hasOwn(known, id)
    if (!passed && !listed) differences.push(`fails, and is not a known failure: ${id}`)
    if (passed && listed) differences.push(`passes, and is listed as a known failure: ${id}`)
  }
  return differences
}

/** The list without the cases that pass now. It never grows. */
export function shrinkKnown(
  known: KnownFailures,
  results: ReadonlyMap<string, boolean>,
): KnownFailures {
  return Object.fromEntries(Object.entries(known).filter(([id]) => results.get(id) !== true))
}
