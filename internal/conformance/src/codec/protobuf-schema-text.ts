import type { Columns, SqlType } from '@varve/serde'

/** How primitive values tell null from their initial value. */
export type Nullable = 'OPTIONAL' | 'WRAPPER' | undefined

interface Kind {
  readonly scalar: string
  readonly wrapper: string
}

const primitives: Partial<Record<SqlType['kind'], Kind>> = {
  BOOLEAN: { scalar: 'bool', wrapper: 'BoolValue' },
  INTEGER: { scalar: 'int32', wrapper: 'Int32Value' },
  BIGINT: { scalar: 'int64', wrapper: 'Int64Value' },
  DOUBLE: { scalar: 'double', wrapper: 'DoubleValue' },
  STRING: { scalar: 'string', wrapper: 'StringValue' },
  BYTES: { scalar: 'bytes', wrapper: 'BytesValue' },
}

const imported: Partial<Record<SqlType['kind'], readonly [file: string, name: string]>> = {
  DATE: ['google/type/date.proto', 'google.type.Date'],
  TIME: ['google/type/timeofday.proto', 'google.type.TimeOfDay'],
  TIMESTAMP: ['google/protobuf/timestamp.proto', 'google.protobuf.Timestamp'],
  DECIMAL: ['confluent/type/decimal.proto', 'confluent.type.Decimal'],
}

/** The .proto text that ksqlDB registers for declared columns. */
export function protobufTextOfColumns(
  columns: Columns,
  options: { readonly fullName: string | undefined; readonly nullable: Nullable },
): string {
  const imports = new Set<string>()
  let count = 1
  const typeName = (type: SqlType, nested: string[]): string => {
    const primitive = primitives[type.kind]
    if (primitive !== undefined) {
      if (options.nullable !== 'WRAPPER') return primitive.scalar
      imports.add('google/protobuf/wrappers.proto')
      return `google.protobuf.${primitive.wrapper}`
    }
    const known = imported[type.kind]
    if (known !== undefined) {
      imports.add(known[0])
      return known[1]
    }
    const fields =
      type.kind === 'STRUCT'
        ? type.fields
        : type.kind === 'MAP'
          ? [
              { name: 'key', type: type.key },
              { name: 'value', type: type.value },
            ]
          : []
    const name = `ConnectDefault${++count}${type.kind === 'MAP' ? 'Entry' : ''}`
    nested.push(...message(name, fields))
    return name
  }
  const message = (name: string, fields: Columns): string[] => {
    const nested: string[] = []
    const lines = fields.flatMap((field, i) => {
      const isList = field.type.kind === 'ARRAY' || field.type.kind === 'MAP'
      const type = field.type.kind === 'ARRAY' ? field.type.element : field.type
      const isOptional =
        options.nullable === 'OPTIONAL' && primitives[field.type.kind] !== undefined
      const rule = isList ? 'repeated ' : isOptional ? 'optional ' : ''
      const start = `${rule}${typeName(type, nested)} ${field.name} = ${i + 1}`
      return type.kind === 'DECIMAL' ? decimalField(start, type) : [`${start};`]
    })
    const body = nested.length === 0 ? lines : [...lines, undefined, ...nested]
    return [
      `message ${name} {`,
      // The blank line before nested messages is not indented by the message it stands in.
      ...body.map((line) => (line === undefined ? '' : `  ${line}`)),
      '}',
    ]
  }
  const text = message(options.fullName ?? 'ConnectDefault1', columns)
  const files = [...imports].toSorted().map((file) => `import "${file}";`)
  return [
    'syntax = "proto3";',
    '',
    ...(files.length === 0 ? [] : [...files, '']),
    ...text,
    '',
  ].join('\n')
}

function decimalField(
  start: string,
  { precision, scale }: { readonly precision: number; readonly scale: number },
): string[] {
  const param = (key: string, value: number, end: string): string[] => [
    '    {',
    `      value: "${value}",`,
    `      key: "${key}"`,
    `    }${end}`,
  ]
  return [
    `${start} [(confluent.field_meta) = {`,
    '  params: [',
    ...param('precision', precision, ','),
    ...param('scale', scale, ''),
    '  ]',
    '}];',
  ]
}
