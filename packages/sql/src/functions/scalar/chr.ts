import type { ScalarFunction } from '../function.ts'

/** CHR: of a code point, or of escapes in UTF-16 such as `\u004b`; null for anything else. */
export const chr: ScalarFunction = {
  kind: 'scalar',
  name: 'CHR',
  category: 'STRING',
  description: 'The character of a Unicode code point, or of an escape such as \\u004b.',
  overloads: [
    {
      parameters: [{ name: 'code', type: 'INTEGER' }],
      returns: 'STRING',
      evaluate: (code: number) =>
        code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : null,
    },
    {
      parameters: [{ name: 'escape', type: 'STRING' }],
      returns: 'STRING',
      evaluate: (escape: string) =>
        /^(?:\\u+[0-9a-f]{4})+$/i.test(escape)
          ? escape.replaceAll(/\\u+([0-9a-f]{4})/gi, (_, digits: string) =>
              String.fromCharCode(Number.parseInt(digits, 16)),
            )
          : null,
    },
  ],
}
