import type { ScalarFunction, ScalarOverload } from '../function.ts'

type Mask = string | null

/** Which characters of a text a function masks, `n` being its number. */
type Range = (length: number, n: number) => readonly [from: number, to: number]

const masks = [
  { name: 'upper', type: 'STRING', description: 'For capital letters, default X.' },
  { name: 'lower', type: 'STRING', description: 'For small letters, default x.' },
  { name: 'digit', type: 'STRING', description: 'For digits, default n.' },
  { name: 'other', type: 'STRING', description: 'For anything else, default -.' },
]

function maskOf(character: string, [upper, lower, digit, other]: readonly Mask[]): Mask {
  if (/\p{Uppercase}/u.test(character)) return upper ?? null
  if (/\p{Lowercase}/u.test(character)) return lower ?? null
  return (/\p{Nd}/u.test(character) ? digit : other) ?? null
}

function mask(text: string, from: number, to: number, chosen: readonly Mask[]): string {
  for (const character of chosen) {
    if (character !== null && character.length !== 1) {
      throw new RangeError(`a mask is one character, not "${character}"`)
    }
  }
  let masked = ''
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!
    masked += i < from || i >= to ? character : (maskOf(character, chosen) ?? character)
  }
  return masked
}

const defaults = ['X', 'x', 'n', '-']

function define(name: string, description: string, range: Range): ScalarFunction {
  const overload = (hasMasks: boolean): ScalarOverload => ({
    parameters: [
      { name: 'text', type: 'STRING' },
      { name: 'count', type: 'INTEGER' },
      ...(hasMasks ? masks : []),
    ],
    returns: 'STRING',
    nulls: 'call',
    evaluate: (text: string | null, count: number | null, ...chosen: readonly Mask[]) => {
      if (text === null || count === null) return null
      if (count < 0) throw new RangeError(`${name} takes no negative count`)
      const [from, to] = range(text.length, count)
      return mask(text, from, to, hasMasks ? chosen : defaults)
    },
  })
  return {
    kind: 'scalar',
    name,
    category: 'STRING',
    description,
    overloads: [overload(false), overload(true)],
  }
}

const text = { name: 'text', type: 'STRING' }

/** Masking: every class of characters has a mask; a null mask leaves its class as it is. */
export const maskFunctions: readonly ScalarFunction[] = [
  {
    kind: 'scalar',
    name: 'MASK',
    category: 'STRING',
    description: 'A text with its characters masked.',
    overloads: [
      {
        parameters: [text],
        returns: 'STRING',
        evaluate: (input: string) => mask(input, 0, input.length, defaults),
      },
      {
        parameters: [text, ...masks],
        returns: 'STRING',
        nulls: 'call',
        evaluate: (input: string | null, ...chosen: readonly Mask[]) =>
          input === null ? null : mask(input, 0, input.length, chosen),
      },
    ],
  },
  define('MASK_LEFT', 'A text with its first n characters masked.', (_, n) => [0, n]),
  define('MASK_RIGHT', 'A text with its last n characters masked.', (length, n) => [
    length - n,
    length,
  ]),
  define('MASK_KEEP_LEFT', 'A text masked but for its first n characters.', (length, n) => [
    n,
    length,
  ]),
  define('MASK_KEEP_RIGHT', 'A text masked but for its last n characters.', (length, n) => [
    0,
    length - n,
  ]),
]
