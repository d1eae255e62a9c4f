import type { Span } from './ast/position.ts'

/** Columns shown at most; longer lines are cut around the caret. */
const widthMax = 120

/** The line of `text` where `span` starts and, below it, carets under the span (as far as it lies on that line). */
export function renderCaret(text: string, span: Span): string {
  const lineStart = text.lastIndexOf('\n', span.offset - 1) + 1
  const newline = text.indexOf('\n', span.offset)
  const lineEnd = newline === -1 ? text.length : newline
  const from = Math.max(lineStart, Math.min(span.offset - widthMax / 2, lineEnd - widthMax))
  const to = Math.min(lineEnd, from + widthMax)
  const prefix = `${span.line} | `
  const shown = text.slice(from, to).replace(/\r$/, '')
  const before = text.slice(from, span.offset)
  const marked = text.slice(span.offset, Math.max(span.offset + 1, Math.min(span.end, to)))
  const indent = ' '.repeat(prefix.length + displayWidth(before))
  return `${prefix}${shown}\n${indent}${'^'.repeat(Math.max(1, displayWidth(marked.trimEnd())))}`
}

/** Terminal columns of a text: wide characters (East Asian, emoji) take two, combining marks none. */
function displayWidth(text: string): number {
  let width = 0
  for (const character of text) {
    const code = character.codePointAt(0)!
    if (/\p{Mn}|\p{Me}|\p{Cf}/u.test(character)) continue
    width += isWide(code) ? 2 : 1
  }
  return width
}

function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0x303e) ||
    (code >= 0x3041 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  )
}
