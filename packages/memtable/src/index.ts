/**
 * Ordered in-memory table of internal keys with versions and range tombstones.
 *
 * @packageDocumentation
 */
export {}
