/**
 * Contract suite that every transport must pass.
 *
 * @packageDocumentation
 */
export {}
