/** One directive of a golden file with its arguments, input block and recorded output. */
export interface GoldenCase {
  /** First word of the directive line. */
  readonly directive: string
  /** `name=value` and bare words of the directive line; a bare word has the value `''`. */
  readonly args: ReadonlyMap<string, string>
  /** Lines between the directive and `----`, joined by newlines. */
  readonly input: string
  /** Lines after `----` up to the blank line that ends the case. */
  readonly expected: string
  /** 1-based line of the directive. */
  readonly line: number
  /** Comment and blank lines before the directive, kept when the file is rewritten. */
  readonly preamble: readonly string[]
  readonly directiveLine: string
}

/**
 * Parses a golden file.
 *
 * ```text
 * # comment
 * compact level=0
 * L0: a#3,SET b#2,DEL
 * ----
 * L1: a#3,SET
 * ```
 *
 * An empty line ends a case. Output that contains empty lines is fenced by `----` twice: a second `----` line opens it, two close it.
 *
 * @throws Error when a directive has no `----`
 */
export function parseGoldenFile(text: string, path: string): GoldenCase[] {
  const lines = text.split('\n')
  const cases: GoldenCase[] = []
  let i = 0
  while (i < lines.length) {
    const preamble: string[] = []
    while (i < lines.length && (lines[i]!.trim() === '' || lines[i]!.startsWith('#')))
      preamble.push(lines[i++]!)
    if (i >= lines.length) break
    const line = i + 1
    const directiveLine = lines[i++]!
    const input: string[] = []
    while (i < lines.length && lines[i] !== '----') input.push(lines[i++]!)
    if (i >= lines.length) throw new Error(`${path}:${line}: directive without "----"`)
    i++
    const expected: string[] = []
    if (lines[i] === '----') {
      i++
      while (i < lines.length && !(lines[i] === '----' && lines[i + 1] === '----'))
        expected.push(lines[i++]!)
      i += 2
    } else {
      while (i < lines.length && lines[i] !== '') expected.push(lines[i++]!)
    }
    const [directive, ...words] = directiveLine.trim().split(/\s+/)
    const args = new Map(
      words.map((word) => {
        const at = word.indexOf('=')
        return at < 0 ? ([word, ''] as const) : ([word.slice(0, at), word.slice(at + 1)] as const)
      }),
    )
    cases.push({
      directive: directive!,
      args,
      input: input.join('\n'),
      expected: expected.join('\n'),
      line,
      preamble,
      directiveLine,
    })
  }
  return cases
}

/** Writes cases back with the given outputs; the inverse of {@link parseGoldenFile}. */
export function formatGoldenFile(cases: readonly GoldenCase[], outputs: readonly string[]): string {
  const parts = cases.map((c, i) => {
    const output = outputs[i]!
    const body =
      output.split('\n').includes('') && output !== '' ? `----\n${output}\n----\n----` : output
    const head = [...c.preamble, c.directiveLine, ...(c.input === '' ? [] : [c.input]), '----']
    return head.join('\n') + (body === '' ? '' : '\n' + body)
  })
  return parts.join('\n') + '\n'
}
