import type { CompactionFilter, CompactionFilterContext } from '@varve/compaction'

/** Made for each compaction: removes keys that end in an odd digit, and marks what it keeps with the family and the options. */
export function dropOdd(
  { columnFamilyName, isManualCompaction }: CompactionFilterContext,
  options: { readonly mark: string },
): CompactionFilter | undefined {
  if (!isManualCompaction) return undefined
  return {
    name: 'test.DropOdd',
    filter(_level, key, value) {
      if (key.at(-1)! % 2 === 1) return 'remove'
      const mark = new TextEncoder().encode(`${options.mark}${columnFamilyName}`)
      return { changeValue: new Uint8Array([...value, ...mark]) }
    },
  }
}

export const notAFilter = 5
