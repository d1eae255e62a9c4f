/**
 * Debezium change events decoded to typed table changes.
 *
 * @packageDocumentation
 */
export {}
