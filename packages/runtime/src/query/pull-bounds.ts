import type { PullBound, PullWindowBounds } from '@varve/sql'
import type { Window } from '@varve/streams'

/** Whether a window lies within the bounds of a pull query. */
export function windowMatches(window: Window, bounds: PullWindowBounds): boolean {
  return (
    above(window.start, bounds.startLower) &&
    below(window.start, bounds.startUpper) &&
    above(window.end, bounds.endLower) &&
    below(window.end, bounds.endUpper)
  )
}

function above(time: number, bound: PullBound | undefined): boolean {
  if (bound === undefined) return true
  const limit = Number(bound.value)
  return bound.inclusive ? time >= limit : time > limit
}

function below(time: number, bound: PullBound | undefined): boolean {
  if (bound === undefined) return true
  const limit = Number(bound.value)
  return bound.inclusive ? time <= limit : time < limit
}
