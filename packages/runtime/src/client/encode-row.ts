/** A row as JSON that the server reads back: bigints with all digits, bytes in base64, dates as ISO text, maps as objects. */
export function encodeRow(row: Readonly<Record<string, unknown>>): string {
  return encode(row)
}

function encode(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (value instanceof Uint8Array) {
    let binary = ''
    for (const byte of value) binary += String.fromCharCode(byte)
    return JSON.stringify(btoa(binary))
  }
  if (value instanceof Date) return JSON.stringify(value.toISOString())
  if (Array.isArray(value)) return `[${value.map(encode).join(',')}]`
  if ('unscaled' in value && typeof value.unscaled === 'bigint' && 'scale' in value) {
    return JSON.stringify(decimalText(value.unscaled, Number(value.scale)))
  }
  const entries: Iterable<readonly [unknown, unknown]> =
    value instanceof Map ? (value as Map<unknown, unknown>) : Object.entries(value)
  return `{${Array.from(entries, ([key, item]) => `${JSON.stringify(String(key))}:${encode(item)}`).join(',')}}`
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const cut = digits.length - scale
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, cut)}${scale > 0 ? '.' : ''}${digits.slice(cut)}`
}
