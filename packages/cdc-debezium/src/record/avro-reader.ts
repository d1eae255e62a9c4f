import { AvroDecodeError, AvroReader, StringMemory, type AvroSchema } from '@varve/serde'

import type { Raw } from '../connect/raw.ts'
import { MemberNames, RawMembers } from '../connect/raw-members.ts'

type Read = (reader: AvroReader) => Raw

/** Compiles a schema to a function that reads one whole value of it, from a place on. Named types may hold themselves. */
export function compileAvro(schema: AvroSchema): (bytes: Uint8Array, start: number) => Raw {
  const read = compile(schema, new Map())
  return (bytes, start) => {
    const reader = new AvroReader(bytes, start)
    const value = read(reader)
    reader.end()
    return value
  }
}

function compile(schema: AvroSchema, known: Map<AvroSchema, Read>): Read {
  switch (schema.type) {
    case 'null':
      return () => null
    case 'boolean':
      return (reader) => reader.readBoolean()
    case 'int':
      return (reader) => reader.readInt()
    case 'long':
      return (reader) => reader.readLong()
    case 'float':
      return (reader) => reader.readFloat()
    case 'double':
      return (reader) => reader.readDouble()
    case 'bytes':
      return (reader) => reader.readBytes()
    case 'string': {
      const memory = new StringMemory()
      return (reader) => reader.readRecurringString(memory)
    }
    case 'fixed': {
      const { size } = schema
      return (reader) => reader.readFixed(size)
    }
    case 'enum': {
      const { symbols, name } = schema
      return (reader) => {
        const symbol = symbols[reader.readInt()]
        if (symbol === undefined)
          throw new AvroDecodeError('invalid', `enum "${name}" has no such symbol`)
        return symbol
      }
    }
    case 'union': {
      const branches = schema.branches.map((branch) => compile(branch, known))
      const count = branches.length
      const [first, second] = branches
      // Nearly all: what may be null.
      if (count === 2 && schema.branches[0]!.type === 'null')
        return (reader) => (reader.readBranch(2) === 0 ? null : second!(reader))
      if (count === 2 && schema.branches[1]!.type === 'null')
        return (reader) => (reader.readBranch(2) === 1 ? null : first!(reader))
      return (reader) => branches[reader.readBranch(count)]!(reader)
    }
    case 'array': {
      const item = compile(schema.items, known)
      return (reader) => {
        const elements: Raw[] = []
        reader.enter()
        reader.readBlocks(() => void elements.push(item(reader)))
        reader.leave()
        return elements as Raw
      }
    }
    case 'map': {
      const member = compile(schema.values, known)
      return (reader) => {
        const entries = new Map<string, Raw>()
        reader.enter()
        reader.readBlocks(() => void entries.set(reader.readString(), member(reader)))
        reader.leave()
        return entries
      }
    }
    case 'record':
      return compileRecord(schema, known)
  }
}

function compileRecord(
  schema: AvroSchema & { readonly type: 'record' },
  known: Map<AvroSchema, Read>,
): Read {
  const before = known.get(schema)
  if (before !== undefined) return before
  const names = new MemberNames(schema.fields.map(({ name }) => name))
  const fields: Read[] = []
  const read: Read = (reader) => {
    const values: Raw[] = []
    reader.enter()
    for (let i = 0; i < fields.length; i++) values.push(fields[i]!(reader))
    reader.leave()
    return new RawMembers(names, values)
  }
  known.set(schema, read)
  for (const field of schema.fields) fields.push(compile(field.schema, known))
  return read
}
