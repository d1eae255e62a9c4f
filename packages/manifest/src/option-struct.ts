/**
 * The fields of a structured option value such as `{id=StringAppendOperator;delimiter=\:;}`, in order. A nested struct stays
 * as text, with its braces; other values lose escapes and the braces that protect a `;`. Undefined for other texts.
 */
export function parseOptionStruct(text: string): Map<string, string> | undefined {
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined
  const fields = new Map<string, string>()
  let name: string | undefined
  let start = 1
  let depth = 0
  for (let i = 1; i < text.length; i++) {
    const c = text[i]!
    if (c === '\\') i++
    else if (c === '{') depth++
    else if (c === '}' && depth > 0) depth--
    else if (c === '=' && depth === 0 && name === undefined) {
      name = text.slice(start, i).trim()
      start = i + 1
    } else if ((c === ';' || c === '}') && depth === 0) {
      if (name !== undefined) fields.set(name, scalar(text.slice(start, i).trim()))
      name = undefined
      start = i + 1
      if (c === '}') return i === text.length - 1 ? fields : undefined
    }
  }
  return undefined
}

/** Formats a struct; values that are structs themselves are given with braces, others as they are. */
export function formatOptionStruct(fields: ReadonlyMap<string, string>): string {
  let text = '{'
  for (const [name, value] of fields) text += `${name}=${protect(value)};`
  return `${text}}`
}

/** Takes escapes off a plain value: `\:`, `\#` and the like, `\n`, `\r`. */
export function unescapeOption(text: string): string {
  return text.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c === 'r' ? '\r' : c))
}

function scalar(text: string): string {
  if (!text.startsWith('{')) return unescapeOption(text)
  // Braces around a struct belong to it; around anything else they only protect it.
  if (isStruct(text)) return text
  return unescapeOption(text.slice(1, -1))
}

/** Has fields with names; `{}` and `{;}` are texts in braces. */
function isStruct(text: string): boolean {
  return /^\{\s*[\w.]+\s*=/.test(text) && parseOptionStruct(text) !== undefined
}

function protect(value: string): string {
  if (isStruct(value)) return value
  const escaped = value
    .replace(/[\\#:=]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
  if (!/[;{}]/.test(escaped)) return escaped
  // Braces that do not match cannot protect anything; escapes are not read by RocksDB there.
  return isBalanced(escaped) ? `{${escaped}}` : escaped.replace(/[;{}]/g, '\\$&')
}

function isBalanced(text: string): boolean {
  let depth = 0
  for (const c of text) {
    if (c === '{') depth++
    else if (c === '}' && --depth < 0) return false
  }
  return depth === 0
}
