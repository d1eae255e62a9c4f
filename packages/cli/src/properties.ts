/**
 * Reads a Java properties file as far as servers' files use it: `name=value` or `name: value`, comments with `#` or `!`, lines that go on
 * after a final backslash, backslash escapes.
 */
export function parseProperties(text: string): Record<string, string> {
  const properties: Record<string, string> = Object.create(null) as Record<string, string>
  const joined = text.replace(/\r\n?/g, '\n').replace(/\\\n[ \t]*/g, '')
  for (const raw of joined.split('\n')) {
    const line = raw.trimStart()
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue
    const match = /^((?:\\.|[^\\=:\s])*)[ \t]*[=:]?[ \t]*(.*)$/.exec(line)
    if (match !== null) properties[unescape(match[1]!)] = unescape(match[2]!)
  }
  return properties
}

function unescape(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_all, code: string) => {
    if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return { t: '\t', n: '\n', r: '\r', f: '\f' }[code] ?? code
  })
}
