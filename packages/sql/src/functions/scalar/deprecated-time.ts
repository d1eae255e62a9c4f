import { dayMs } from '../../expression/cast/time-text.ts'
import type { ScalarFunction } from '../function.ts'
import { parsePattern } from '../time/date-pattern.ts'
import { formatDayPattern, formatPattern } from '../time/format-pattern.ts'
import { readPattern } from '../time/read-pattern.ts'
import { serverZone } from '../time/zone.ts'

const text = { name: 'text', type: 'STRING' }
const pattern = {
  name: 'pattern',
  type: 'STRING',
  description: "Letters of Java's DateTimeFormatter.",
}
const zone = { name: 'zone', type: 'STRING', description: "Default the server's zone." }

/** Times as numbers, from before there were types for them. Unlike their successors they take the server's zone. */
export const deprecatedTimeFunctions: readonly ScalarFunction[] = [
  {
    kind: 'scalar',
    name: 'STRINGTOTIMESTAMP',
    category: 'DATE / TIME',
    description: 'Milliseconds since the epoch of a text. Deprecated: PARSE_TIMESTAMP.',
    overloads: [
      [text, pattern],
      [text, pattern, zone],
    ].map((parameters) => ({
      parameters,
      returns: 'BIGINT',
      evaluate: (input: string, format: string, name = serverZone()) =>
        readPattern(parsePattern(format), input, name),
    })),
  },
  {
    kind: 'scalar',
    name: 'TIMESTAMPTOSTRING',
    category: 'DATE / TIME',
    description: 'Milliseconds since the epoch as text. Deprecated: FORMAT_TIMESTAMP.',
    overloads: [
      [{ name: 'ms', type: 'BIGINT' }, pattern],
      [{ name: 'ms', type: 'BIGINT' }, pattern, zone],
    ].map((parameters) => ({
      parameters,
      returns: 'STRING',
      evaluate: (ms: number, format: string, name = serverZone()) =>
        formatPattern(parsePattern(format), Number(ms), name),
    })),
  },
  {
    kind: 'scalar',
    name: 'STRINGTODATE',
    category: 'DATE / TIME',
    description: 'Days since the epoch of a text. Deprecated: PARSE_DATE.',
    overloads: [
      {
        parameters: [text, pattern],
        returns: 'INTEGER',
        evaluate: (input: string, format: string) =>
          Math.floor(readPattern(parsePattern(format), input) / dayMs),
      },
    ],
  },
  {
    kind: 'scalar',
    name: 'DATETOSTRING',
    category: 'DATE / TIME',
    description: 'Days since the epoch as text. Deprecated: FORMAT_DATE.',
    overloads: [
      {
        parameters: [{ name: 'days', type: 'INTEGER' }, pattern],
        returns: 'STRING',
        evaluate: (days: number, format: string) =>
          formatDayPattern(parsePattern(format), days * dayMs),
      },
    ],
  },
]
