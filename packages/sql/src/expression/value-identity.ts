import { formatDecimal, type Value } from '@varve/serde'

/**
 * Something that `Set` and `Map` hold apart exactly where `valuesEqual` does, for values of one type: primitives stand for themselves, everything else
 * for a text.
 */
export function valueIdentity(value: Value): Value {
  return value === null || typeof value !== 'object' ? value : valueText(value)
}

/** A text that values of one type share exactly when they are equal. */
export function valueText(value: Value): string {
  if (value === null || typeof value !== 'object') {
    return typeof value === 'string' ? JSON.stringify(value) : String(value)
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return `[${value.map(valueText).join(',')}]`
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<Value, Value>)].map(
      ([k, v]) => `${valueText(k)}:${valueText(v)}`,
    )
    return `{${entries.sort().join(',')}}`
  }
  if (!('unscaled' in value)) return String(value)
  // 1.50 and 1.5 are equal.
  const text = formatDecimal(value)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
