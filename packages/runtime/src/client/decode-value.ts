import type { ClientType } from './type-text.ts'

/** Parses JSON; whole numbers beyond 2^53 become bigints, other numbers that a double cannot hold keep their text. */
export function parseWireJson(text: string): unknown {
  return (JSON.parse as ParseWithSource)(text, (_name, value, context) => {
    if (typeof value !== 'number' || context.source === undefined) return value
    return new WireNumber(context.source)
  })
}

/** A number as it was written. */
export class WireNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** `JSON.parse` with access to source text (ECMAScript proposal). */
type ParseWithSource = (
  text: string,
  reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown

/**
 * A value of the wire as the engine in a process would hand it out: DATE, TIME and TIMESTAMP as numbers, BYTES as bytes, DECIMAL as unscaled
 * bigint with scale, BIGINT as bigint only beyond 2^53, MAP as `Map`.
 */
export function decodeValue(value: unknown, type: ClientType): unknown {
  if (value === null || value === undefined) return null
  if ('element' in type) return (value as unknown[]).map((item) => decodeValue(item, type.element))
  if ('fields' in type) {
    const members = value as Record<string, unknown>
    return Object.fromEntries(
      type.fields.map((field) => [field.name, decodeValue(members[field.name], field.type)]),
    )
  }
  if ('value' in type) {
    return new Map(
      Object.entries(value as Record<string, unknown>).map(([key, item]) => [
        key,
        decodeValue(item, type.value),
      ]),
    )
  }
  if ('scale' in type) return decodeDecimal((value as WireNumber).text, type.scale)
  const text = value instanceof WireNumber ? value.text : (value as string)
  switch (type.kind) {
    case 'INTEGER':
    case 'DOUBLE':
      return Number(text)
    case 'BIGINT': {
      const number = Number(text)
      return Number.isSafeInteger(number) ? number : BigInt(text)
    }
    case 'BYTES':
      return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    case 'DATE':
      return Date.parse(text) / 86_400_000
    case 'TIME':
      return Date.parse(`1970-01-01T${text.length === 5 ? `${text}:00` : text}Z`)
    case 'TIMESTAMP':
      return Date.parse(`${text}Z`)
    default:
      return value
  }
}

function decodeDecimal(text: string, scale: number): { unscaled: bigint; scale: number } {
  const [whole = '0', fraction = ''] = text.split('.')
  return { unscaled: BigInt(whole + fraction.padEnd(scale, '0').slice(0, scale)), scale }
}
