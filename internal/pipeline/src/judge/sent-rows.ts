import { EnvelopeWriter, type ChangeRecord } from '@varve/cdc-debezium'
import { SchemaRegistryClient, SqlTypes } from '@varve/serde'

/** A history of three rows in our own envelopes: a read, a create, an update, a change of a key, a delete. */
export async function writtenChanges(
  topic: string,
  format: 'json-schema' | 'avro',
  registryUrl: string,
): Promise<readonly ChangeRecord[]> {
  const writer = new EnvelopeWriter({
    topic,
    table: { schema: 'public', name: 'totals' },
    columns: [
      { name: 'id', type: SqlTypes.BIGINT },
      { name: 'name', type: SqlTypes.STRING },
      { name: 'total', type: { kind: 'DECIMAL', precision: 10, scale: 2 } },
      { name: 'seen', type: 'io.debezium.time.MicroTimestamp' },
      { name: 'tags', type: { kind: 'ARRAY', element: SqlTypes.STRING } },
      { name: 'place', type: { kind: 'STRUCT', fields: [{ name: 'x', type: SqlTypes.DOUBLE }] } },
    ],
    keyColumns: ['id'],
    format,
    registry: new SchemaRegistryClient({ url: registryUrl }),
  })
  await writer.ensureRegistered()
  const anne = [1, 'Anne', { unscaled: 1250n, scale: 2 }, 1_710_928_800_123_456, ['a', 'b'], [1.5]]
  const bob: readonly (number | string | null)[] = [2, null, null, null, null, null]
  return [
    ...writer.write({ after: anne, snapshot: true, position: 1 }),
    ...writer.write({ after: bob, position: 2 }),
    ...writer.write({ before: bob, after: bob.with(1, 'Bob'), position: 3 }),
    ...writer.write({ before: bob.with(1, 'Bob'), after: bob.with(0, 3), position: 4 }),
    ...writer.write({ before: anne, position: 5 }),
  ]
}

const anneLine = 'id=1,name=Anne,total=12.50,seen=1710928800123456,tags=[a, b],place=Struct{x=1.5}'

/** What Debezium's flattening makes of them, as Connect's file sink prints it. */
export const flattenedLines: readonly string[] = [
  `Struct{${anneLine},__deleted=false,__op=r,__table=totals}`,
  'Struct{id=2,__deleted=false,__op=c,__table=totals}',
  'Struct{id=2,name=Bob,__deleted=false,__op=u,__table=totals}',
  'Struct{id=2,name=Bob,__deleted=true,__op=d,__table=totals}',
  'Struct{id=3,__deleted=false,__op=c,__table=totals}',
  `Struct{${anneLine},__deleted=true,__op=d,__table=totals}`,
]
