/**
 * For tests: randomness from a seed, a clock moved by hand, shared test data, and a check for leaked resources.
 *
 * @packageDocumentation
 */
import { checkNoOpenResources, trackResources } from '../resources.ts'

trackResources()

/** @throws AssertionError naming the files, tables, snapshots … that were opened since this module loaded and not closed */
export function assertNoOpenResources(): void {
  checkNoOpenResources()
}

export { isPeerThere } from './peer.ts'
export { createSeededRandom, type SeededRandom } from './seeded-random.ts'
export { sharedFixture } from './shared-fixture.ts'
export { VirtualClock } from './virtual-clock.ts'
