/** A value of a result row as text: texts bare, `null` as `null`, structures in the dialect's own notation. */
export function formatCell(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return value
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `[${value.map(formatCell).join(', ')}]`
  return `{${Object.entries(value)
    .map(([name, v]) => `${name}=${formatCell(v)}`)
    .join(', ')}}`
}
