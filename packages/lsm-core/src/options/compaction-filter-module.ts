/**
 * A compaction filter that every thread can load.
 *
 * The export is a {@link CompactionFilter}, or a function `(context: CompactionFilterContext, options) => CompactionFilter |
 * undefined` that is called once for each compaction (for each part of one); `undefined` filters nothing.
 *
 * @example
 * ```ts
 * const compactionFilter = { module: new URL('./expire.js', import.meta.url), export: 'expire', options: { days: 7 } }
 * ```
 */
export interface CompactionFilterModule {
  /** Of an ES module; `file:` URL, or an absolute path. */
  readonly module: string | URL
  /** Default `default`. */
  readonly export?: string
  /** Handed to the function; must be fit for structured clone. */
  readonly options?: unknown
}
