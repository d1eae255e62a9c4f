import {
  decimalFromBytes,
  parseDecimal,
  powerOfTen,
  rescaleDecimal,
  SqlTypes,
  type Decimal,
} from '@varve/serde'

import { invalid, type ConnectData } from '../connect/connect-data.ts'
import { connectSchema, type ConnectSchema } from '../connect/connect-schema.ts'
import { integerOfBase64 } from '../values/small-base64.ts'
import { ExactDecimal, NonFiniteDecimal } from '../values/values.ts'
import type { LogicalType } from './logical-type.ts'

/** Precision of a column that tells none. */
const DEFAULT_PRECISION = 38
const MAX_SCALE = 10_000

function scaleOf(schema: ConnectSchema, path: string): number {
  const scale = Number(schema.parameters.get('scale') ?? 0)
  return Number.isInteger(scale) && Math.abs(scale) <= MAX_SCALE
    ? scale
    : invalid(path, 'no valid scale')
}

function isDecimal(data: ConnectData): data is Decimal {
  return typeof data === 'object' && data !== null && 'unscaled' in data
}

const decimal: LogicalType = {
  base: connectSchema('bytes', { name: 'org.apache.kafka.connect.data.Decimal' }),
  sqlType: ({ parameters }) => {
    const scale = Number(parameters.get('scale') ?? 0)
    const precision = Number(
      parameters.get('connect.decimal.precision') ??
        parameters.get('__debezium.source.column.length') ??
        DEFAULT_PRECISION,
    )
    return scale < 0
      ? { kind: 'DECIMAL', precision: precision - scale, scale: 0 }
      : { kind: 'DECIMAL', precision: Math.max(precision, scale, 1), scale }
  },
  decode: (data, schema, path) => {
    const scale = scaleOf(schema, path)
    if (isDecimal(data)) {
      // Sent as a number: brought to the column's scale where that loses nothing.
      const scaled = rescaleDecimal(data, Math.max(scale, 0)) ?? data
      return new ExactDecimal(scaled.unscaled, scaled.scale)
    }
    if (!(data instanceof Uint8Array) || data.length === 0) return invalid(path, 'no decimal')
    const unscaled = decimalFromBytes(data)
    return scale < 0
      ? new ExactDecimal(unscaled * powerOfTen(-scale), 0)
      : new ExactDecimal(unscaled, scale)
  },
  short: (schema) => {
    const scale = Number(schema.parameters.get('scale') ?? 0)
    if (schema.type !== 'bytes' || !Number.isInteger(scale) || scale < 0 || scale > MAX_SCALE)
      return () => undefined
    return (raw) => {
      if (typeof raw === 'string') {
        const unscaled = integerOfBase64(raw)
        return unscaled === undefined ? undefined : new ExactDecimal(BigInt(unscaled), scale)
      }
      return raw instanceof Uint8Array && raw.length > 0
        ? new ExactDecimal(decimalFromBytes(raw), scale)
        : undefined
    }
  },
}

const variableScale: LogicalType = {
  base: connectSchema('struct', {
    fields: [
      { name: 'scale', schema: connectSchema('int32') },
      { name: 'value', schema: connectSchema('bytes') },
    ],
  }),
  sqlType: () => SqlTypes.STRING,
  decode: (data, _, path) => {
    const scale = data instanceof Map ? data.get('scale') : undefined
    const value = data instanceof Map ? data.get('value') : undefined
    if (typeof scale !== 'number' || !(value instanceof Uint8Array) || Math.abs(scale) > MAX_SCALE)
      return invalid(path, 'no decimal')
    const unscaled = decimalFromBytes(value)
    return scale < 0
      ? new ExactDecimal(unscaled * powerOfTen(-scale), 0)
      : new ExactDecimal(unscaled, scale)
  },
}

const SPECIALS: { readonly [text: string]: 'NaN' | 'Infinity' | '-Infinity' } = {
  NAN: 'NaN',
  POSITIVE_INFINITY: 'Infinity',
  INFINITY: 'Infinity',
  NEGATIVE_INFINITY: '-Infinity',
  '-INFINITY': '-Infinity',
}

/** A decimal as text, as a hint may say of a text column. */
export const decimalText: LogicalType = {
  base: connectSchema('string'),
  sqlType: () => SqlTypes.STRING,
  decode: (data, _, path) => {
    const text = typeof data === 'string' ? data : String(data as number)
    const special = SPECIALS[text.toUpperCase()]
    if (special !== undefined) return new NonFiniteDecimal(special)
    const parsed = parseDecimal(text) ?? invalid(path, 'no decimal')
    return new ExactDecimal(parsed.unscaled, parsed.scale)
  },
}

/** Exact decimals. */
export const decimalTypes: readonly (readonly [string, LogicalType])[] = [
  ['org.apache.kafka.connect.data.Decimal', decimal],
  ['io.debezium.data.VariableScaleDecimal', variableScale],
]
