/**
 * Loads of numbered events that go on where a killed one stopped, and reads of whole topics.
 *
 * @packageDocumentation
 */
export { endOffsets, runLoad, type EventAt, type LoadTarget } from './resumable-load.ts'
export { readCommitted } from './read-committed.ts'
