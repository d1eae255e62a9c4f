/**
 * Versions of an LSM tree: version edits, MANIFEST, CURRENT, IDENTITY and OPTIONS files.
 *
 * @packageDocumentation
 */
export {}
