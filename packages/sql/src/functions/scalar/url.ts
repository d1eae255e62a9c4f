import type { ScalarFunction } from '../function.ts'
import { decodeForm, encodeForm, parseUri, type Uri } from '../url/parse-uri.ts'

function define(
  name: string,
  description: string,
  returns: 'STRING' | 'INTEGER',
  evaluate: (text: string) => string | number | null,
): ScalarFunction {
  return {
    kind: 'scalar',
    name,
    category: 'URL',
    description,
    overloads: [{ parameters: [{ name: 'text', type: 'STRING' }], returns, evaluate }],
  }
}

const part =
  (name: keyof Uri) =>
  (text: string): string | number | null =>
    parseUri(text)[name] ?? null

/** Components of URLs, null when absent; a text that is no URI is an error. */
export const urlFunctions: readonly ScalarFunction[] = [
  define('URL_EXTRACT_PROTOCOL', 'The scheme of a URL.', 'STRING', part('scheme')),
  define('URL_EXTRACT_HOST', 'The host of a URL.', 'STRING', part('host')),
  define('URL_EXTRACT_PORT', 'The port of a URL.', 'INTEGER', part('port')),
  define('URL_EXTRACT_PATH', 'The path of a URL, decoded.', 'STRING', part('path')),
  define('URL_EXTRACT_QUERY', 'The query of a URL, decoded.', 'STRING', part('query')),
  define('URL_EXTRACT_FRAGMENT', 'The fragment of a URL, decoded.', 'STRING', part('fragment')),
  define('URL_ENCODE_PARAM', 'A text encoded as a form does.', 'STRING', encodeForm),
  define('URL_DECODE_PARAM', 'A text decoded as a form is.', 'STRING', decodeForm),
  {
    kind: 'scalar',
    name: 'URL_EXTRACT_PARAMETER',
    category: 'URL',
    description: 'A parameter of the query of a URL; empty when it has no value.',
    overloads: [
      {
        parameters: [
          { name: 'url', type: 'STRING' },
          { name: 'name', type: 'STRING' },
        ],
        returns: 'STRING',
        evaluate: (url: string, name: string) => {
          for (const parameter of parseUri(url).query?.split('&') ?? []) {
            const at = parameter.indexOf('=')
            if ((at === -1 ? parameter : parameter.slice(0, at)) === name) {
              return at === -1 ? '' : parameter.slice(at + 1)
            }
          }
          return null
        },
      },
    ],
  },
]
