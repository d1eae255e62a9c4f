/**
 * The streaming SQL engine: embed it, serve it, talk to it.
 *
 * @packageDocumentation
 */
export {}
