import { toBytes } from '@varve/base'

import type { RangeOptions } from '../db/handles.ts'

/** Bounds of a cursor in user keys; `lower` and `upper` are inclusive as said. */
export interface CursorBounds {
  readonly lower: Uint8Array | undefined
  readonly lowerInclusive: boolean
  readonly upper: Uint8Array | undefined
  readonly upperInclusive: boolean
}

/** Bounds of a range as the user gives it, in copies; `gt` goes before `gte`, `lt` before `lte`. */
export function resolveBounds({ gt, gte, lt, lte }: RangeOptions): CursorBounds {
  const lower = gt ?? gte
  const upper = lt ?? lte
  return {
    lower: lower === undefined ? undefined : new Uint8Array(toBytes(lower)),
    lowerInclusive: gt === undefined,
    upper: upper === undefined ? undefined : new Uint8Array(toBytes(upper)),
    upperInclusive: lt === undefined,
  }
}
