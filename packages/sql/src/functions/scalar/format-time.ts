import { dayMs } from '../../expression/cast/time-text.ts'
import type { ScalarFunction } from '../function.ts'
import { parsePattern, type PatternPart } from '../time/date-pattern.ts'
import { formatDayPattern, formatPattern, formatTimePattern } from '../time/format-pattern.ts'

/** Patterns are constants nearly always: the last one is kept. */
function cached(): (pattern: string) => readonly PatternPart[] {
  let last: string | undefined
  let parts: readonly PatternPart[] = []
  return (pattern) => {
    if (pattern !== last) {
      parts = parsePattern(pattern)
      last = pattern
    }
    return parts
  }
}

const pattern = {
  name: 'pattern',
  type: 'STRING',
  description: "Letters of Java's DateTimeFormatter.",
}
const zone = { name: 'zone', type: 'STRING' }

/** FORMAT_TIMESTAMP: GMT without a zone. */
export const formatTimestampFunction: ScalarFunction = {
  kind: 'scalar',
  name: 'FORMAT_TIMESTAMP',
  category: 'DATE / TIME',
  description: 'A TIMESTAMP as text, by a pattern, in a zone (default GMT).',
  overloads: [
    {
      parameters: [{ name: 'timestamp', type: 'TIMESTAMP' }, pattern],
      returns: 'STRING',
      bind: () => {
        const parts = cached()
        return (ms: number, text: string) => formatPattern(parts(text), ms)
      },
    },
    {
      parameters: [{ name: 'timestamp', type: 'TIMESTAMP' }, pattern, zone],
      returns: 'STRING',
      bind: () => {
        const parts = cached()
        return (ms: number, text: string, name: string) => formatPattern(parts(text), ms, name)
      },
    },
  ],
}

/** FORMAT_DATE. */
export const formatDateFunction: ScalarFunction = {
  kind: 'scalar',
  name: 'FORMAT_DATE',
  category: 'DATE / TIME',
  description: 'A DATE as text, by a pattern.',
  overloads: [
    {
      parameters: [{ name: 'date', type: 'DATE' }, pattern],
      returns: 'STRING',
      bind: () => {
        const parts = cached()
        return (days: number, text: string) => formatDayPattern(parts(text), days * dayMs)
      },
    },
  ],
}

/** FORMAT_TIME. */
export const formatTimeFunction: ScalarFunction = {
  kind: 'scalar',
  name: 'FORMAT_TIME',
  category: 'DATE / TIME',
  description: 'A TIME as text, by a pattern.',
  overloads: [
    {
      parameters: [{ name: 'time', type: 'TIME' }, pattern],
      returns: 'STRING',
      bind: () => {
        const parts = cached()
        return (ms: number, text: string) => formatTimePattern(parts(text), ms)
      },
    },
  ],
}
