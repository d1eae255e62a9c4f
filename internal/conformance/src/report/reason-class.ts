/** Patterns of reasons, most telling first. */
const classes: readonly (readonly [RegExp, string | ((match: RegExpExecArray) => string)])[] = [
  [/^no verdict within|^the process ended/, 'no verdict'],
  [/^the runner failed/, 'runner'],
  [/\(bug\)/, 'internal error'],
  [/PROTOBUF/, 'protobuf'],
  [/Can't find any functions with the name '([^']+)'/, (match) => `function ${match[1]!}`],
  [/foreign-key joins? of tables/, 'foreign-key join'],
  [/columns from a schema of type JSON/, 'json_sr inference'],
  [/\(unsupported\)/, 'unsupported'],
  [/^no error was raised/, 'error missing'],
  [/^expected an error|^expected a \w+Exception|^expected a described/, 'error text'],
  [/^expected a cause/, 'error text'],
  [/statement( \d+)? failed/, 'statement refused'],
  [/^a record failed/, 'processing failed'],
  [/^record \d+ of topic .*cannot be read/, 'bytes'],
  [/^(record \d+ of )?topic ".*?"/, 'records'],
  [/ of "/, 'source description'],
  [/^response|^outputs/, 'response'],
  [/^error/, 'error text'],
]

/** A short class for why a case failed. */
export function reasonClass(reason: string): string {
  for (const [pattern, name] of classes) {
    const match = pattern.exec(reason)
    if (match !== null) return typeof name === 'string' ? name : name(match)
  }
  return 'other'
}
