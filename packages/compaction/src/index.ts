/**
 * What to compact (pure pickers) and how (iterator and job).
 *
 * @packageDocumentation
 */
export {}
