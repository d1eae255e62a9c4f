import { formatDecimal, formatDouble, type Decimal, type SqlType, type Value } from '@varve/serde'

/**
 * A value as JSON text in the form of ksqlDB's HTTP API: BIGINT and DECIMAL with all their digits as plain numbers, DOUBLE as Java prints
 * it (NaN and infinities as text), BYTES in base64, DATE, TIME and TIMESTAMP as ISO text in UTC.
 *
 * Text, not a JavaScript object, because `JSON.stringify` cannot write a 64-bit number.
 */
export function valueToJson(type: SqlType, value: Value): string {
  if (value === null) return 'null'
  switch (type.kind) {
    case 'BOOLEAN':
      return value === true ? 'true' : 'false'
    case 'INTEGER':
    case 'BIGINT':
      return String(value)
    case 'DOUBLE': {
      const x = value as number
      return Number.isFinite(x) ? formatDouble(x) : `"${formatDouble(x)}"`
    }
    case 'DECIMAL':
      return formatDecimal(value as Decimal)
    case 'STRING':
      return JSON.stringify(value)
    case 'BYTES': {
      const bytes = value as Uint8Array
      return `"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}"`
    }
    case 'TIME':
      return `"${formatTime(value as number)}"`
    case 'DATE':
      return `"${formatDate(value as number)}"`
    case 'TIMESTAMP':
      return `"${formatTimestamp(value as number)}"`
    case 'ARRAY':
      return `[${(value as readonly Value[]).map((item) => valueToJson(type.element, item)).join(',')}]`
    case 'MAP': {
      const members: string[] = []
      for (const [key, item] of value as ReadonlyMap<Value, Value>) {
        members.push(
          `${JSON.stringify(mapKeyText(type.key, key))}:${valueToJson(type.value, item)}`,
        )
      }
      return `{${members.join(',')}}`
    }
    case 'STRUCT': {
      const fields = value as readonly Value[]
      const members = type.fields.map(
        (field, i) => `${JSON.stringify(field.name)}:${valueToJson(field.type, fields[i] ?? null)}`,
      )
      return `{${members.join(',')}}`
    }
  }
}

/** The text a map key takes as a JSON member name. */
export function mapKeyText(type: SqlType, key: Value): string {
  if (key === null) return 'null'
  if (type.kind === 'STRING') return key as string
  const text = valueToJson(type, key)
  return text.startsWith('"') ? (JSON.parse(text) as string) : text
}

/** Epoch days as `yyyy-MM-dd`. */
export function formatDate(days: number): string {
  return isoDate(new Date(days * 86_400_000))
}

/** Milliseconds of the day as `HH:mm`, with seconds and fraction only where they are not zero. */
export function formatTime(ms: number): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  const base = `${two(Math.floor(ms / 3_600_000))}:${two(Math.floor(ms / 60_000) % 60)}`
  const seconds = Math.floor(ms / 1000) % 60
  const fraction = ms % 1000
  if (seconds === 0 && fraction === 0) return base
  return `${base}:${two(seconds)}${fraction === 0 ? '' : `.${String(fraction).padStart(3, '0')}`}`
}

/** Epoch milliseconds as `yyyy-MM-ddTHH:mm:ss.SSS`, UTC without suffix. */
export function formatTimestamp(ms: number): string {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) return String(ms)
  return `${isoDate(date)}T${date.toISOString().slice(-13, -1)}`
}

function isoDate(date: Date): string {
  const text = date.toISOString()
  return text.slice(0, text.indexOf('T'))
}
