import { InvalidOptionError } from '@varve/base'
import { SqlTypes, type SqlType } from '@varve/serde'

import { compileColumnReader } from './connect/column-reader.ts'
import { sqlTypeOf } from './connect/column-value.ts'
import { invalid, plainData, toConnectData } from './connect/connect-data.ts'
import { connectSchema, isConnectType, type ConnectSchema } from './connect/connect-schema.ts'
import { asText, type Raw } from './connect/raw.ts'
import { decimalText } from './logical/decimal.ts'
import type { LogicalType } from './logical/logical-type.ts'
import { logicalTypes } from './logical/logical-types.ts'
import { utcText } from './logical/time-text.ts'
import type { ColumnValue } from './values/values.ts'

/**
 * What a column holds where its event does not say: a Connect type (`int64`), a semantic name (`io.debezium.time.Date`), `decimal` (text),
 * `uint64` (an int64 that wrapped), `date` (days or text), `bytes:base64`, `bytes:base64url`, `bytes:hex`, `timestamp:utc-text`, or a Connect Decimal with its scale. `decimal`
 * with a scale is either: text with a point or a sign is the decimal, other text its bytes.
 */
export type ColumnHint = string | { readonly name: string; readonly scale?: number }

/** A hint ready for use. */
export interface ColumnDecoder {
  readonly sqlType: SqlType | undefined
  decode(raw: Raw, path: string): ColumnValue
}

/** @throws InvalidOptionError for a hint that says nothing known */
export function createColumnDecoder(hint: ColumnHint): ColumnDecoder {
  if (typeof hint !== 'string') {
    if (hint.name === 'decimal') return ofDecimal(hint.scale ?? 0)
    const parameters = new Map(hint.scale === undefined ? [] : [['scale', String(hint.scale)]])
    return ofSchema({ ...baseOf(hint.name), name: hint.name, parameters })
  }
  switch (hint) {
    case 'decimal':
      return ofText(decimalText)
    case 'date':
      return ofDate()
    case 'timestamp:utc-text':
      return ofText(utcText)
    case 'uint64':
      return {
        sqlType: { kind: 'DECIMAL', precision: 20, scale: 0 },
        decode: (raw, path) =>
          raw === null
            ? null
            : BigInt.asUintN(64, toConnectData(connectSchema('int64'), raw, path) as bigint),
      }
    case 'bytes:base64':
    case 'bytes:base64url':
    case 'bytes:hex': {
      const encoding = hint.slice(6) as 'base64' | 'base64url' | 'hex'
      return {
        sqlType: SqlTypes.BYTES,
        decode: (raw, path) => {
          if (raw === null || raw instanceof Uint8Array) return raw as Uint8Array | null
          if (typeof raw !== 'string') return invalid(path, 'no text')
          return decodeBytes(raw, encoding) ?? invalid(path, `no ${encoding} text`)
        },
      }
    }
    default:
      if (isConnectType(hint)) return ofSchema(connectSchema(hint))
      return ofSchema({ ...baseOf(hint), name: hint })
  }
}

/** Days, or text: connectors send either. */
function ofDate(): ColumnDecoder {
  const days = createColumnDecoder('io.debezium.time.Date')
  const text = createColumnDecoder('io.debezium.time.IsoDate')
  return {
    sqlType: days.sqlType,
    decode: (raw, path) =>
      (typeof raw === 'string' && raw.includes('-', 1) ? text : days).decode(raw, path),
  }
}

function ofDecimal(scale: number): ColumnDecoder {
  const bytes = ofSchema({
    ...baseOf('org.apache.kafka.connect.data.Decimal'),
    parameters: new Map([['scale', String(scale)]]),
  })
  const text = ofText(decimalText)
  return {
    sqlType: bytes.sqlType,
    decode: (raw, path) =>
      (typeof raw === 'string' && /^-|\./.test(raw) ? text : bytes).decode(raw, path),
  }
}

/** Text in one of the three encodings to bytes; undefined for other text. */
export function decodeBytes(
  text: string,
  encoding: 'base64' | 'base64url' | 'hex',
): Uint8Array | undefined {
  const valid =
    encoding === 'hex'
      ? /^(?:[0-9a-fA-F]{2})*$/
      : encoding === 'base64'
        ? /^[A-Za-z0-9+/]*={0,2}$/
        : /^[A-Za-z0-9_-]*={0,2}$/
  return valid.test(text) ? new Uint8Array(Buffer.from(text, encoding)) : undefined
}

function baseOf(name: string): ConnectSchema {
  const logical = logicalTypes.get(name)
  if (logical === undefined) throw new InvalidOptionError('columns', `unknown type "${name}"`)
  return logical.base
}

function ofSchema(schema: ConnectSchema): ColumnDecoder {
  return { sqlType: sqlTypeOf(schema), decode: compileColumnReader(schema) }
}

function ofText(logical: LogicalType): ColumnDecoder {
  return {
    sqlType: logical.sqlType(logical.base),
    decode: (raw, path) =>
      raw === null ? null : logical.decode(asText(raw) ?? plainData(raw), logical.base, path),
  }
}
