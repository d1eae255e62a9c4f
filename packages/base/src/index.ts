/**
 * Keys, order, codings, checksums, compression, errors and clocks: the ground every Varve package stands on.
 *
 * @packageDocumentation
 */
export * from './errors.ts'
export { systemClock, type Clock, type Timer } from './clock.ts'
export { systemRandom, type Random } from './random.ts'
