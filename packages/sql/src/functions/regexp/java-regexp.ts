import { UnsupportedError } from '@varve/base'

/** POSIX and java.lang classes of Java's patterns as the inside of a JavaScript class. */
const classes: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\x00-\\x7f',
  Alpha: 'A-Za-z',
  Digit: '0-9',
  Alnum: 'A-Za-z0-9',
  Punct: '!-\\/:-@\\[-`{-~',
  Graph: '!-~',
  Print: ' -~',
  Blank: ' \\t',
  Cntrl: '\\x00-\\x1f\\x7f',
  XDigit: '0-9A-Fa-f',
  Space: ' \\t\\n\\x0b\\f\\r',
  javaLowerCase: '\\p{Lowercase}',
  javaUpperCase: '\\p{Uppercase}',
  javaWhitespace: '\\s',
}

const escapes: Readonly<Record<string, string>> = {
  A: '(?<![\\s\\S])',
  z: '(?![\\s\\S])',
  Z: '(?=\\n?(?![\\s\\S]))',
  h: '[ \\t\\u00a0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000]',
  a: '\\x07',
  e: '\\x1b',
  R: '(?:\\r\\n|[\\n-\\r\\u0085\\u2028\\u2029])',
}

/**
 * A pattern of `java.util.regex` as a JavaScript one, `g` and `u` set: flags in front (`(?i)`), quoting (`\Q…\E`), POSIX classes and anchors are
 * translated; what both languages share passes through.
 *
 * @throws SyntaxError for a malformed pattern
 * @throws UnsupportedError for possessive quantifiers, atomic groups, intersections of classes, flags amid a pattern
 */
function javaRegExp(pattern: string): RegExp {
  const leading = /^\(\?([imsu]+)\)/.exec(pattern)
  const flags = new Set(['g', 'u', ...(leading?.[1] ?? '')])
  return new RegExp(translate(pattern.slice(leading?.[0].length ?? 0)), [...flags].join(''))
}

function translate(pattern: string): string {
  let result = ''
  let inClass = 0
  for (let at = 0; at < pattern.length;) {
    const rest = pattern.slice(at, at + 4)
    if (rest.startsWith('\\Q')) {
      const close = pattern.indexOf('\\E', at + 2)
      const end = close === -1 ? pattern.length : close
      const special = inClass > 0 ? /[\\^\][-]/g : /[\\^$.*+?()[\]{}|/]/g
      result += pattern.slice(at + 2, end).replaceAll(special, '\\$&')
      at = end + 2
    } else if (rest.startsWith('\\')) {
      const escape = readEscape(pattern, at, inClass > 0)
      result += escape.text
      at = escape.end
    } else {
      refuse(rest, inClass > 0, pattern)
      if (inClass > 0 && rest.startsWith('[')) {
        throw new UnsupportedError(`a class inside of a class in the regular expression ${pattern}`)
      }
      if (rest.startsWith('[')) {
        inClass += 1
        // A bracket that opens a class may itself be its first member.
        const open = /^\[\^?\]?/.exec(rest)![0]
        result += open.replace(']', '\\]')
        at += open.length
        continue
      }
      if (rest.startsWith(']')) {
        result += inClass > 0 ? ']' : '\\]'
        inClass = 0
      } else if (
        inClass === 0 &&
        rest.startsWith('{') &&
        !/^\{\d+(?:,\d*)?\}/.test(pattern.slice(at))
      ) {
        throw new SyntaxError(`a brace without a count in the regular expression ${pattern}`)
      } else {
        result +=
          inClass === 0 && rest.startsWith('}') && !/\{\d+(?:,\d*)?$/.test(result)
            ? '\\}'
            : rest[0]!
      }
      at += 1
    }
  }
  return result
}

function refuse(rest: string, inClass: boolean, pattern: string): void {
  const feature = inClass
    ? rest.startsWith('&&') && 'an intersection of classes'
    : rest.startsWith('(?>')
      ? 'an atomic group'
      : /^\(\?[imsu-]+\)/.test(rest) || /^\(\?[xd]/.test(rest)
        ? 'a flag amid the pattern'
        : /^[*+?}]\+/.test(rest) && 'a possessive quantifier'
  if (feature) throw new UnsupportedError(`${feature} in the regular expression ${pattern}`)
}

/** The escape at a backslash in JavaScript's words. */
function readEscape(
  pattern: string,
  at: number,
  inClass: boolean,
): { readonly text: string; readonly end: number } {
  const letter = pattern[at + 1]
  if (letter === undefined) throw new SyntaxError('a regular expression ends with a backslash')
  const property = /^\\([pP])(?:\{(?:Is)?(\w+)\}|(\w))/.exec(pattern.slice(at))
  if (property !== null) {
    const end = at + property[0].length
    const known = classes[property[2] ?? '']
    if (known === undefined) return { text: `\\${property[1]}{${property[2] ?? property[3]}}`, end }
    if (property[1] === 'P' && inClass) {
      throw new UnsupportedError(`${property[0]} inside of a class of a regular expression`)
    }
    return { text: inClass ? known : `[${property[1] === 'P' ? '^' : ''}${known}]`, end }
  }
  const known = escapes[letter]
  if (known !== undefined) {
    return { text: inClass ? known.replace(/^\[(.*)\]$/, '$1') : known, end: at + 2 }
  }
  // JavaScript refuses to escape what needs none.
  const needless = /[^A-Za-z\d^$\\.*+?()[\]{}|/-]/.test(letter) || (letter === '-' && !inClass)
  return { text: needless ? letter : `\\${letter}`, end: at + 2 }
}

/** Patterns are constants nearly always: the last one is kept. */
export function cachedRegExp(): (pattern: string) => RegExp {
  let last: string | undefined
  let compiled = /(?:)/gu
  return (pattern) => {
    if (pattern !== last) {
      compiled = javaRegExp(pattern)
      last = pattern
    }
    compiled.lastIndex = 0
    return compiled
  }
}
