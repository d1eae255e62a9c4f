import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'

import { InvalidOptionError } from '@varve/base'
import type { CompactionFilter, CompactionFilterContext } from '@varve/compaction'

/** A filter's module as plain data. */
export interface FilterModule {
  /** URL. */
  readonly module: string
  readonly exportName: string
  readonly options: unknown
  readonly context: CompactionFilterContext
}

/** The URL of a module that is named by a URL or an absolute path. */
export function moduleUrl(module: string | URL): string {
  if (typeof module !== 'string') return module.href
  return isAbsolute(module) ? pathToFileURL(module).href : module
}

/**
 * The filter that a module exports, or that the function which it exports makes.
 *
 * @throws InvalidOptionError when the module cannot be loaded or exports neither
 */
export async function loadCompactionFilter({
  module,
  exportName,
  options,
  context,
}: FilterModule): Promise<CompactionFilter | undefined> {
  let exported: unknown
  try {
    const namespace = (await import(module)) as Record<string, unknown>
    exported = namespace[exportName]
  } catch (error) {
    throw new InvalidOptionError('compactionFilter', `cannot load "${module}"`, { cause: error })
  }
  const made: unknown =
    typeof exported === 'function'
      ? (exported as (context: CompactionFilterContext, options: unknown) => unknown)(
          context,
          options,
        )
      : exported
  if (made === undefined && typeof exported === 'function') return undefined
  if (isFilter(made)) return made
  throw new InvalidOptionError(
    'compactionFilter',
    `"${module}" exports no compaction filter as "${exportName}"`,
  )
}

function isFilter(value: unknown): value is CompactionFilter {
  if (typeof value !== 'object' || value === null) return false
  return typeof (value as { filter?: unknown }).filter === 'function'
}
