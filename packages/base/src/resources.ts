import { AssertionError } from './errors.ts'

/**
 * What is open, by kind: only counted while {@link trackResources} is on, so that production pays one branch.
 * Tests end with `assertNoOpenResources()` of `@varve/base/testing`.
 */
const open = new Map<object, string>()
let tracking = false

/** Starts counting. @internal */
export function trackResources(): void {
  tracking = true
}

/** A resource was opened; `description` is shown when it leaks. */
export function resourceOpened(resource: object, description: string): void {
  if (tracking) open.set(resource, description)
}

/** The resource was closed; closing twice is no fault. */
export function resourceClosed(resource: object): void {
  if (tracking) open.delete(resource)
}

/** @throws AssertionError naming what is still open; forgets it, so that the next test starts clean. @internal */
export function checkNoOpenResources(): void {
  if (open.size === 0) return
  const leaked = [...open.values()].sort()
  open.clear()
  throw new AssertionError(`every resource is closed, but these are open: ${leaked.join(', ')}`)
}
