/** A place in a script. */
export interface Position {
  /** UTF-16 units from the start of the script. */
  readonly offset: number
  /** From 1. */
  readonly line: number
  /** UTF-16 units from the start of the line, from 1. */
  readonly column: number
}

/** A piece of a script: where it starts, and where it ends. */
export interface Span extends Position {
  /** Offset behind the last unit. */
  readonly end: number
}

/** From the start of `first` to the end of `last`. */
export function spanBetween(first: Span, last: Span): Span {
  return { offset: first.offset, line: first.line, column: first.column, end: last.end }
}

/** Line and column of an offset. Linear in the text before it: for errors, not for tokens. */
export function positionAt(text: string, offset: number): Position {
  let line = 1
  let lineStart = 0
  for (;;) {
    const newline = text.indexOf('\n', lineStart)
    if (newline === -1 || newline >= offset) break
    line += 1
    lineStart = newline + 1
  }
  return { offset, line, column: offset - lineStart + 1 }
}
