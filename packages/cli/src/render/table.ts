import stringWidth from 'string-width'

/** How a table of rows is laid out. */
export interface TableLayout {
  /** Columns of the terminal; cells are clipped so that a line fits. `undefined` never clips (output to a file or pipe). */
  readonly terminalWidth?: number
  /** Fixed cell width; 0 or absent fits the content (entity tables) or the terminal (streaming rows). */
  readonly columnWidth?: number
}

const MIN_CELL = 5

/** Cuts `text` to at most `width` terminal columns, ending in `...` when something was cut. Wide characters count two. */
export function clip(text: string, width: number): string {
  if (stringWidth(text) <= width) return text
  const room = Math.max(width - 3, 0)
  let used = 0
  let kept = ''
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const next = stringWidth(segment)
    if (used + next > room) break
    kept += segment
    used += next
  }
  return kept + '.'.repeat(Math.min(3, width))
}

/** Pads `text` with spaces to `width` terminal columns. */
function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)))
}

/** A finished table with ruled head: column widths follow the content. Used for answers that are complete (SHOW, DESCRIBE, pull queries). */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  layout: TableLayout = {},
): string {
  const flat = rows.map((row) => row.map(oneLine))
  const widths = header.map((name, i) =>
    Math.max(stringWidth(name), ...flat.map((row) => stringWidth(row[i] ?? ''))),
  )
  const fitted = fitWidths(widths, layout)
  const rule = '-'.repeat(fitted.reduce((sum, w) => sum + w + 3, -1))
  const line = (cells: readonly string[]): string =>
    (' ' + fitted.map((w, i) => pad(clip(cells[i] ?? '', w), w)).join(' | ')).trimEnd()
  return [line(header), rule, ...flat.map(line), rule].join('\n')
}

/** Head of a table whose rows are still to come (push queries): equal cells over the terminal's width. */
export function formatStreamHeader(header: readonly string[], layout: TableLayout): string {
  const width = streamCellWidth(header.length, layout)
  const rule = '+' + header.map(() => '-'.repeat(width + 2)).join('+') + '+'
  return [rule, formatStreamRow(header, header.length, layout), rule].join('\n')
}

/** One row under {@link formatStreamHeader}. */
export function formatStreamRow(
  cells: readonly string[],
  columns: number,
  layout: TableLayout,
): string {
  const width = streamCellWidth(columns, layout)
  return '|' + cells.map((cell) => ` ${pad(clip(oneLine(cell), width), width)} `).join('|') + '|'
}

function streamCellWidth(columns: number, layout: TableLayout): number {
  if (layout.columnWidth !== undefined && layout.columnWidth > 0) return layout.columnWidth
  return Math.max(
    MIN_CELL,
    Math.floor(((layout.terminalWidth ?? 80) - 1) / Math.max(columns, 1)) - 3,
  )
}

/** Shrinks the widest columns until a line fits the terminal; nothing shrinks below the minimum cell. */
function fitWidths(widths: readonly number[], layout: TableLayout): number[] {
  const fitted = [...widths]
  if (layout.columnWidth !== undefined && layout.columnWidth > 0)
    return fitted.map(() => layout.columnWidth!)
  if (layout.terminalWidth === undefined) return fitted
  let excess = fitted.reduce((sum, w) => sum + w + 3, -1) - layout.terminalWidth
  while (excess > 0) {
    const widest = fitted.indexOf(Math.max(...fitted))
    if (fitted[widest]! <= MIN_CELL) break
    fitted[widest]!--
    excess--
  }
  return fitted
}

function oneLine(text: string): string {
  return text.replace(/\r?\n/g, '\\n').replace(/\t/g, ' ')
}
