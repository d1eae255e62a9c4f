import { UnsupportedError } from '@varve/base'

import type { Columns, ProtobufNullable } from '../schema.ts'
import type { SqlType } from '../sql-type.ts'

/** How to name a message and its nulls. */
export interface ProtobufSchemaOptions {
  /** Full name of the message. Default: `ConnectDefault1`. */
  readonly fullName?: string
  /** Fields that tell null from the initial value. Default: none of the primitive ones does. */
  readonly nullable?: ProtobufNullable
}

/**
 * The .proto file that the dialect registers for columns: fields numbered in their order, nested messages `ConnectDefault<n>` with one
 * count over all levels, maps as repeated messages `…Entry`.
 *
 * @throws UnsupportedError when a name is no Protobuf name, or a map's keys are not STRING
 */
export function protobufSchemaFromColumns(
  columns: Columns,
  options: ProtobufSchemaOptions = {},
): string {
  const fullName = options.fullName ?? 'ConnectDefault1'
  const dot = fullName.lastIndexOf('.')
  const writer = new SchemaWriter(options.nullable)
  const message = writer.message(checkName(fullName.slice(dot + 1)), columns)
  const imports = [...writer.imports].toSorted().map((name) => `import "${name}";\n`)
  return [
    'syntax = "proto3";\n',
    ...(dot < 0
      ? []
      : [`package ${fullName.slice(0, dot).split('.').map(checkName).join('.')};\n`]),
    '\n',
    ...(imports.length === 0 ? [] : [...imports, '\n']),
    message,
  ].join('')
}

interface Named {
  readonly name: string
  readonly type: SqlType
}

function checkName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new UnsupportedError(
      `"${name}" is no valid Protobuf name: letters, digits and underscores only, not starting with a digit`,
    )
  return name
}

const wrapperNames: Partial<Record<SqlType['kind'], string>> = {
  BOOLEAN: 'BoolValue',
  INTEGER: 'Int32Value',
  BIGINT: 'Int64Value',
  DOUBLE: 'DoubleValue',
  STRING: 'StringValue',
  BYTES: 'BytesValue',
}

const scalarNames: Partial<Record<SqlType['kind'], string>> = {
  BOOLEAN: 'bool',
  INTEGER: 'int32',
  BIGINT: 'int64',
  DOUBLE: 'double',
  STRING: 'string',
  BYTES: 'bytes',
}

class SchemaWriter {
  readonly imports = new Set<string>()
  readonly #nullable: ProtobufNullable | undefined
  #count = 1

  constructor(nullable: ProtobufNullable | undefined) {
    this.#nullable = nullable
  }

  message(name: string, fields: readonly Named[]): string {
    const nested: string[] = []
    const lines = fields.map((field, i) => {
      checkName(field.name)
      return `${this.#field(field, i + 1, nested)}\n`
    })
    return `message ${name} {\n${indent(lines.join(''))}${nested.length === 0 ? '' : `\n${indent(nested.join(''))}`}}\n`
  }

  #field({ name, type }: Named, number: number, nested: string[]): string {
    if (type.kind === 'ARRAY' && type.element.kind !== 'ARRAY' && type.element.kind !== 'MAP')
      return `repeated ${this.#type(type.element, nested)} ${name} = ${number}${this.#options(type.element)};`
    if (type.kind === 'ARRAY')
      throw new UnsupportedError(
        `column "${name}": PROTOBUF does not support an ARRAY of ${type.element.kind}`,
      )
    if (type.kind === 'MAP') {
      if (type.key.kind !== 'STRING')
        throw new UnsupportedError('PROTOBUF format only supports MAP types with STRING keys')
      const entry = `ConnectDefault${++this.#count}Entry`
      nested.push(
        this.message(entry, [
          { name: 'key', type: type.key },
          { name: 'value', type: type.value },
        ]),
      )
      return `repeated ${entry} ${name} = ${number};`
    }
    const optional =
      this.#nullable === 'OPTIONAL' && scalarNames[type.kind] !== undefined ? 'optional ' : ''
    return `${optional}${this.#type(type, nested)} ${name} = ${number}${this.#options(type)};`
  }

  #type(type: SqlType, nested: string[]): string {
    const wrapper = this.#nullable === 'WRAPPER' ? wrapperNames[type.kind] : undefined
    if (wrapper !== undefined)
      return this.#imported('google/protobuf/wrappers.proto', `google.protobuf.${wrapper}`)
    const scalar = scalarNames[type.kind]
    if (scalar !== undefined) return scalar
    switch (type.kind) {
      case 'DATE':
        return this.#imported('google/type/date.proto', 'google.type.Date')
      case 'TIME':
        return this.#imported('google/type/timeofday.proto', 'google.type.TimeOfDay')
      case 'TIMESTAMP':
        return this.#imported('google/protobuf/timestamp.proto', 'google.protobuf.Timestamp')
      case 'DECIMAL':
        return this.#imported('confluent/type/decimal.proto', 'confluent.type.Decimal')
      case 'STRUCT': {
        const name = `ConnectDefault${++this.#count}`
        nested.push(this.message(name, type.fields))
        return name
      }
      default:
        throw new UnsupportedError(`PROTOBUF does not support ${type.kind} here`)
    }
  }

  #imported(file: string, name: string): string {
    this.imports.add(file)
    return name
  }

  #options(type: SqlType): string {
    if (type.kind !== 'DECIMAL') return ''
    const param = (key: string, value: number): string =>
      `    {\n      value: "${value}",\n      key: "${key}"\n    }`
    return ` [(confluent.field_meta) = {\n  params: [\n${param('precision', type.precision)},\n${param('scale', type.scale)}\n  ]\n}]`
  }
}

/** Every line two blanks further in, empty ones too. */
function indent(text: string): string {
  return text.replaceAll(/^(?!$(?![\s\S]))/gm, '  ')
}
