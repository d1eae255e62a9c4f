/**
 * Files that registries do not keep because everybody has them: interface definitions of Google's well-known types and of those Confluent's
 * serialisers use, field numbers and types alone.
 */
export function knownProtoFile(name: string): string | undefined {
  const file = Object.hasOwn(files, name) ? files[name] : undefined
  return file === undefined ? undefined : `syntax = "proto3";\n${file}`
}

const wrapper = (name: string, type: string): string => `message ${name} { ${type} value = 1; }`

const files: Readonly<Record<string, string>> = {
  'google/protobuf/wrappers.proto': [
    'package google.protobuf;',
    wrapper('DoubleValue', 'double'),
    wrapper('FloatValue', 'float'),
    wrapper('Int64Value', 'int64'),
    wrapper('UInt64Value', 'uint64'),
    wrapper('Int32Value', 'int32'),
    wrapper('UInt32Value', 'uint32'),
    wrapper('BoolValue', 'bool'),
    wrapper('StringValue', 'string'),
    wrapper('BytesValue', 'bytes'),
  ].join('\n'),
  'google/protobuf/timestamp.proto':
    'package google.protobuf; message Timestamp { int64 seconds = 1; int32 nanos = 2; }',
  'google/protobuf/duration.proto':
    'package google.protobuf; message Duration { int64 seconds = 1; int32 nanos = 2; }',
  'google/protobuf/any.proto':
    'package google.protobuf; message Any { string type_url = 1; bytes value = 2; }',
  'google/protobuf/empty.proto': 'package google.protobuf; message Empty {}',
  'google/type/date.proto':
    'package google.type; message Date { int32 year = 1; int32 month = 2; int32 day = 3; }',
  'google/type/timeofday.proto':
    'package google.type; message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }',
  'confluent/type/decimal.proto':
    'package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }',
}
