import { actualNull, type Actual } from '../compare/actual.ts'
import type { Avro } from './avro-schema.ts'
import { CodecError, decodeText, encodeBase64 } from './side-codec.ts'

/** Reads one value in Avro's binary encoding, which must fill the bytes. @throws CodecError */
export function readAvro(schema: Avro, bytes: Uint8Array): Actual {
  const reader = new AvroReader(bytes)
  const value = reader.value(schema)
  reader.end()
  return value
}

class AvroReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  value(schema: Avro): Actual {
    switch (schema.type) {
      case 'null':
        return actualNull
      case 'boolean':
        return { kind: 'boolean', value: this.#take(1)[0] === 1 }
      case 'int':
        return { kind: 'int32', value: this.#long() }
      case 'long':
        return { kind: 'int64', value: this.#long() }
      case 'float':
        this.#take(4)
        return { kind: 'float', value: this.#view.getFloat32(this.#at - 4, true) }
      case 'double':
        this.#take(8)
        return { kind: 'double', value: this.#view.getFloat64(this.#at - 8, true) }
      case 'string':
        return { kind: 'string', value: decodeText(this.#take(this.#length())) }
      case 'enum':
        return { kind: 'string', value: schema.symbols![this.#length()]! }
      case 'bytes':
        return bytesValue(this.#take(this.#length()), schema.decimalScale)
      case 'fixed':
        return bytesValue(this.#take(schema.size), schema.decimalScale)
      case 'array':
        return this.#array(schema)
      case 'map': {
        const value = new Map<string, Actual>()
        this.#blocks(() => {
          const key = decodeText(this.#take(this.#length()))
          value.set(key, this.value(schema.values))
        })
        return { kind: 'map', value }
      }
      case 'union': {
        const branch = schema.branches[this.#length()]
        if (branch === undefined) throw new CodecError('no such branch of the union')
        return this.value(branch)
      }
      case 'record':
        return {
          kind: 'map',
          value: new Map(schema.fields.map((field) => [field.name, this.value(field.schema)])),
        }
    }
  }

  end(): void {
    if (this.#at !== this.#bytes.length) {
      throw new CodecError(`${this.#bytes.length - this.#at} bytes behind the value`)
    }
  }

  #array(schema: Extract<Avro, { type: 'array' }>): Actual {
    const items: Actual[] = []
    this.#blocks(() => items.push(this.value(schema.items)))
    if (!schema.mapEntries) return { kind: 'list', value: items }
    const entries = items.map((item): [string, Actual] => {
      const entry = (item as Extract<Actual, { kind: 'map' }>).value
      const key = entry.get('key')
      return [key?.kind === 'string' ? key.value : 'null', entry.get('value') ?? actualNull]
    })
    return { kind: 'map', value: new Map(entries) }
  }

  #blocks(item: () => void): void {
    for (;;) {
      let count = this.#long()
      if (count === 0n) return
      if (count < 0n) {
        count = -count
        this.#long()
      }
      if (count > BigInt(this.#bytes.length) * 8n) throw new CodecError('a block is too long')
      for (let i = 0n; i < count; i++) item()
    }
  }

  #length(): number {
    const length = Number(this.#long())
    if (length < 0) throw new CodecError('a length is negative')
    return length
  }

  #long(): bigint {
    let raw = 0n
    for (let shift = 0n; ; shift += 7n) {
      if (shift > 63n) throw new CodecError('an integer is too long')
      const byte = this.#take(1)[0]!
      raw |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n))
    }
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new CodecError('the bytes end too early')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}

function bytesValue(bytes: Uint8Array, decimalScale: number | undefined): Actual {
  if (decimalScale === undefined) {
    return bytes.length === 0 ? actualNull : { kind: 'bytes', value: encodeBase64(bytes) }
  }
  let unscaled = 0n
  for (const byte of bytes) unscaled = (unscaled << 8n) | BigInt(byte)
  return {
    kind: 'decimal',
    value: { unscaled: BigInt.asIntN(bytes.length * 8, unscaled), scale: decimalScale },
  }
}
