import { DeserializationError } from '@varve/base'

/**
 * Cuts one line of comma-separated values. Quotes enclose fields, a doubled quote inside stands for one; what follows the first line
 * break outside quotes is ignored.
 *
 * @throws DeserializationError when a quote is not closed or text follows a closing quote
 */
export function parseCsvLine(text: string, delimiter: string): string[] {
  const fields: string[] = []
  let at = 0
  for (;;) {
    if (text[at] === '"') {
      let field = ''
      for (;;) {
        const end = text.indexOf('"', at + 1)
        if (end < 0) throw new DeserializationError('a quoted field is not closed')
        field += text.slice(at + 1, end)
        at = end + 1
        if (text[at] !== '"') break
        field += '"'
      }
      fields.push(field)
      const next = text[at]
      if (next === undefined || next === '\n' || next === '\r') return fields
      if (next !== delimiter)
        throw new DeserializationError(`unexpected text after a quoted field at offset ${at}`)
      at++
    } else {
      let end = at
      while (end < text.length) {
        const c = text[end]!
        if (c === delimiter || c === '\n' || c === '\r') break
        end++
      }
      fields.push(text.slice(at, end))
      if (text[end] !== delimiter) return fields
      at = end + 1
    }
  }
}

/** Writes fields as one line without line end; null is nothing at all. Quotes only where reading back needs them. */
export function formatCsvLine(fields: readonly (string | null)[], delimiter: string): string {
  let line = ''
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!
    if (i > 0) line += delimiter
    if (field === null) continue
    line += mustQuote(field, delimiter, i === 0) ? `"${field.replaceAll('"', '""')}"` : field
  }
  return line
}

function mustQuote(field: string, delimiter: string, first: boolean): boolean {
  if (field === '') return first
  if (field.includes(delimiter) || /["\r\n]/.test(field)) return true
  // As the reference writer does it: a line that does not begin with a letter or digit begins with a quote.
  if (first && !/^[0-9A-Za-z]/.test(field)) return true
  // A leading comment sign and blanks at the edges do not survive every reader.
  return field.charCodeAt(0) <= 0x23 || field.charCodeAt(field.length - 1) <= 0x20
}
