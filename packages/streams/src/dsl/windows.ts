import { InvalidOptionError } from '@varve/base'

/** Tumbling (advance = size) or hopping windows, aligned to the epoch, `[start, end)`. All in milliseconds. */
export interface TimeWindows {
  readonly kind: 'time'
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs: number
  /** Default: size plus grace. */
  readonly retentionMs?: number
}

/** Sessions: records of a key at most `gapMs` apart. Both bounds inclusive. */
export interface SessionWindows {
  readonly kind: 'session'
  readonly gapMs: number
  readonly graceMs: number
}

/** Windows of a record and those at most `differenceMs` before it. Both bounds inclusive. */
export interface SlidingWindows {
  readonly kind: 'sliding'
  readonly differenceMs: number
  readonly graceMs: number
}

/** A left record at `t` pairs with right records in `[t − beforeMs, t + afterMs]`. */
export interface JoinWindows {
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
}

function check(option: string, value: number, min: number): void {
  if (!Number.isSafeInteger(value) || value < min) {
    throw new InvalidOptionError(option, `must be a whole number of milliseconds not below ${min}`)
  }
}

/** Windows that neither overlap nor leave gaps. */
export function tumblingWindows(options: {
  readonly sizeMs: number
  readonly graceMs: number
  readonly retentionMs?: number
}): TimeWindows {
  return hoppingWindows({ ...options, advanceMs: options.sizeMs })
}

/** Windows of `sizeMs` that begin every `advanceMs`. @throws InvalidOptionError */
export function hoppingWindows(options: {
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs: number
  readonly retentionMs?: number
}): TimeWindows {
  check('sizeMs', options.sizeMs, 1)
  check('advanceMs', options.advanceMs, 1)
  check('graceMs', options.graceMs, 0)
  if (options.advanceMs > options.sizeMs) {
    throw new InvalidOptionError('advanceMs', 'must not exceed the size')
  }
  if (options.retentionMs !== undefined && options.retentionMs < options.sizeMs + options.graceMs) {
    throw new InvalidOptionError('retentionMs', 'must not be below size plus grace')
  }
  return { kind: 'time', ...options }
}

/** Sessions that end after `gapMs` without a record. @throws InvalidOptionError */
export function sessionWindows(options: {
  readonly gapMs: number
  readonly graceMs: number
}): SessionWindows {
  check('gapMs', options.gapMs, 1)
  check('graceMs', options.graceMs, 0)
  return { kind: 'session', ...options }
}

/** A window for each set of records at most `differenceMs` apart. @throws InvalidOptionError */
export function slidingWindows(options: {
  readonly differenceMs: number
  readonly graceMs: number
}): SlidingWindows {
  check('differenceMs', options.differenceMs, 0)
  check('graceMs', options.graceMs, 0)
  return { kind: 'sliding', ...options }
}
