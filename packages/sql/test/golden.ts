import { readFileSync, writeFileSync } from 'node:fs'

/** One case of a golden file: a directive line, input lines, `----`, expected lines; an empty line ends it. */
export interface GoldenCase {
  readonly line: number
  readonly directive: string
  readonly argument: string
  readonly input: string
  readonly expected: string
}

/** Lines that begin with # in front of a directive are comments. */
function readGolden(text: string): GoldenCase[] {
  const cases: GoldenCase[] = []
  const lines = text.split('\n')
  let at = 0
  while (at < lines.length) {
    if (lines[at] === '' || lines[at]!.startsWith('#')) {
      at += 1
      continue
    }
    const line = at + 1
    const [directive, ...rest] = lines[at]!.split(' ')
    const separator = lines.indexOf('----', at)
    if (separator === -1) throw new Error(`case at line ${line} has no ----`)
    let end = separator + 1
    while (end < lines.length && lines[end] !== '') end += 1
    cases.push({
      line,
      directive: directive!,
      argument: rest.join(' '),
      input: lines.slice(at + 1, separator).join('\n'),
      expected: lines.slice(separator + 1, end).join('\n'),
    })
    at = end
  }
  return cases
}

/**
 * Runs the cases of a file in order and compares; `REWRITE=1` writes what came out into the file instead.
 *
 * `run` must not give empty lines.
 */
export function runGolden(
  path: URL,
  run: (golden: GoldenCase) => string,
  compare: (actual: string, expected: string, where: string) => void,
): void {
  const text = readFileSync(path, 'utf8')
  const results = readGolden(text).map((golden) => ({ golden, actual: run(golden) }))
  if (process.env['REWRITE'] === '1') {
    writeFileSync(path, rewrite(text, results))
    return
  }
  for (const { golden, actual } of results) {
    compare(actual, golden.expected, `${path.pathname.split('/').at(-1)!}:${golden.line}`)
  }
}

function rewrite(
  text: string,
  results: readonly { readonly golden: GoldenCase; readonly actual: string }[],
): string {
  const lines = text.split('\n')
  for (const { golden, actual } of results.toReversed()) {
    const separator = lines.indexOf('----', golden.line - 1)
    const length = golden.expected === '' ? 0 : golden.expected.split('\n').length
    lines.splice(separator + 1, length, ...(actual === '' ? [] : actual.split('\n')))
  }
  return lines.join('\n')
}
