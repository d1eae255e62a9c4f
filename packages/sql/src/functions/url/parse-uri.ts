/** The components of a URI; absent ones are undefined. Path, query and fragment are decoded. */
export interface Uri {
  readonly scheme: string | undefined
  readonly host: string | undefined
  readonly port: number | undefined
  /** Undefined for an opaque URI such as `mailto:a@b`. */
  readonly path: string | undefined
  readonly query: string | undefined
  readonly fragment: string | undefined
}

/** Takes a URI apart (RFC 3986, appendix B), strictly: characters that must be escaped are errors. @throws RangeError */
export function parseUri(text: string): Uri {
  const isLegal = /^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2}|[^\p{ASCII}\s])*$/u.test(text)
  const match = /^(?:([A-Za-z][\w+.-]*):)?(\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/.exec(
    text,
  )
  if (!isLegal || match === null || text === '' || match[6]?.includes('#')) {
    throw new RangeError(`"${text}" is no URI`)
  }
  const [, scheme, slashes, authority, path, query, fragment] = match
  const isOpaque = scheme !== undefined && slashes === undefined && !path!.startsWith('/')
  const server = /^(?:[^@]*@)?(\[[\da-fA-F:.]+\]|[A-Za-z\d.-]+)(?::(\d*))?$/.exec(authority ?? '')
  return {
    scheme,
    host: server?.[1],
    port: server?.[2] ? Number(server[2]) : undefined,
    path: isOpaque ? undefined : decode(path!),
    query: query === undefined || isOpaque ? undefined : decode(query),
    fragment: fragment === undefined ? undefined : decode(fragment),
  }
}

const utf8 = new TextDecoder('utf-8')

/** Escapes as UTF-8; malformed bytes become U+FFFD. */
function decode(text: string): string {
  return text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    utf8.decode(Buffer.from(run.replaceAll('%', ''), 'hex')),
  )
}

/** A text of `application/x-www-form-urlencoded`. @throws RangeError for a malformed escape */
export function decodeForm(text: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) throw new RangeError(`"${text}" has a malformed escape`)
  return decode(text.replaceAll('+', ' '))
}

/** A text in `application/x-www-form-urlencoded`. */
export function encodeForm(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^A-Za-z\d.*_-]/gu, (character) =>
      character === ' '
        ? '+'
        : Array.from(
            new TextEncoder().encode(character),
            (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
          ).join(''),
    )
}
