/** Cases that fail, each with its reason. The list must stay equal to what happens: a case that passes is taken off. */
export const KNOWN_FAILURES: ReadonlyMap<string, string> = new Map([
  ['cassandra-insert-update-delete', 'Cassandra cells are not read yet'],
  ['jsonschema-confluent-envelope', 'JSON Schema of the registry is not read yet'],
  ['mongodb-create', 'MongoDB documents are not read yet'],
  ['mongodb-delete-and-tombstone', 'MongoDB documents are not read yet'],
  ['mongodb-replace', 'MongoDB documents are not read yet'],
  ['mongodb-snapshot-2x', 'MongoDB documents are not read yet'],
  ['mongodb-update-delta-only', 'MongoDB documents are not read yet'],
  ['mongodb-update-full', 'MongoDB documents are not read yet'],
  ['protobuf-confluent-envelope', 'Protobuf is not read yet'],
  ['protobuf-nulls-are-zero', 'Protobuf is not read yet'],
])
