import { dayMs } from '../../expression/cast/time-text.ts'
import type { ScalarFunction } from '../function.ts'
import { parsePattern } from '../time/date-pattern.ts'
import { readPattern } from '../time/read-pattern.ts'

const text = { name: 'text', type: 'STRING' }
const pattern = {
  name: 'pattern',
  type: 'STRING',
  description: "Letters of Java's DateTimeFormatter.",
}

const dateLetters = 'yuMLdDE'
const timeLetters = 'HhkKmsSa'

/** The parts of a pattern that has none of these letters. */
function patternWithout(letters: string, format: string): ReturnType<typeof parsePattern> {
  const parts = parsePattern(format)
  const odd = parts.find((part) => part.kind === 'field' && letters.includes(part.letter))
  if (odd !== undefined) throw new RangeError(`pattern "${format}" holds fields of the other kind`)
  return parts
}

/** PARSE_TIMESTAMP: GMT without a zone. */
export const parseTimestampFunction: ScalarFunction = {
  kind: 'scalar',
  name: 'PARSE_TIMESTAMP',
  category: 'DATE / TIME',
  description: 'The TIMESTAMP that a text denotes by a pattern, in a zone (default GMT).',
  overloads: [
    {
      parameters: [text, pattern],
      returns: 'TIMESTAMP',
      evaluate: (input: string, format: string) => readPattern(parsePattern(format), input),
    },
    {
      parameters: [text, pattern, { name: 'zone', type: 'STRING' }],
      returns: 'TIMESTAMP',
      evaluate: (input: string, format: string, zone: string) =>
        readPattern(parsePattern(format), input, zone),
    },
  ],
}

/** PARSE_DATE: the pattern may not hold fields of the time of day. */
export const parseDateFunction: ScalarFunction = {
  kind: 'scalar',
  name: 'PARSE_DATE',
  category: 'DATE / TIME',
  description: 'The DATE that a text denotes by a pattern.',
  overloads: [
    {
      parameters: [text, pattern],
      returns: 'DATE',
      evaluate: (input: string, format: string) =>
        Math.floor(readPattern(patternWithout(timeLetters, format), input) / dayMs),
    },
  ],
}

/** PARSE_TIME: the pattern may not hold fields of the date. */
export const parseTimeFunction: ScalarFunction = {
  kind: 'scalar',
  name: 'PARSE_TIME',
  category: 'DATE / TIME',
  description: 'The TIME that a text denotes by a pattern.',
  overloads: [
    {
      parameters: [text, pattern],
      returns: 'TIME',
      evaluate: (input: string, format: string) =>
        readPattern(patternWithout(dateLetters, format), input),
    },
  ],
}
