/** Change events of an order table as PostgreSQL's connector writes them, about 900 bytes of JSON each, deterministic. */
export interface OrderEvent {
  readonly key: { readonly id: number }
  readonly value: Readonly<Record<string, unknown>>
}

const columns: readonly (readonly [string, string, string?])[] = [
  ['id', 'int64'],
  ['customer_id', 'int64'],
  ['status', 'string', 'io.debezium.data.Enum'],
  ['total', 'bytes', 'org.apache.kafka.connect.data.Decimal'],
  ['currency', 'string'],
  ['note', 'string'],
  ['paid', 'boolean'],
  ['items', 'int32'],
  ['weight', 'double'],
  ['ordered_on', 'int32', 'io.debezium.time.Date'],
  ['created_at', 'int64', 'io.debezium.time.MicroTimestamp'],
  ['updated_at', 'string', 'io.debezium.time.ZonedTimestamp'],
]

/** The events: creates and updates of 500 orders. */
export function orderEvents(count: number): readonly OrderEvent[] {
  return Array.from({ length: count }, (_, i) => orderEvent(i))
}

function orderEvent(i: number): OrderEvent {
  const id = i % 500
  const micros = 1_710_928_800_000_000 + i * 1000
  const lsn = 24_023_128 + i * 64
  return {
    key: { id },
    value: {
      before: null,
      after: {
        id,
        customer_id: 100_000 + (i % 977),
        status: i % 3 === 0 ? 'paid' : 'shipped',
        total: Buffer.from([1, (i >> 8) & 0x7f, i & 0xff]).toString('base64'),
        currency: 'EUR',
        note: `Leave it with the neighbours, number ${i}`,
        paid: i % 3 === 0,
        items: i % 9,
        weight: 1.5 + (i % 10) / 4,
        ordered_on: 19_802,
        created_at: micros,
        updated_at: '2024-03-20T10:00:00.123456Z',
      },
      source: {
        version: '3.2.0.Final',
        connector: 'postgresql',
        name: 'shop',
        ts_ms: Math.floor(micros / 1000),
        snapshot: 'false',
        db: 'shop',
        sequence: `["${lsn - 64}","${lsn}"]`,
        ts_us: micros,
        ts_ns: BigInt(micros) * 1000n,
        schema: 'public',
        table: 'orders',
        txId: 555 + i,
        lsn,
        xmin: null,
      },
      transaction: { id: `${555 + i}:${lsn}`, total_order: 1, data_collection_order: 1 },
      op: i < 500 ? 'c' : 'u',
      ts_ms: Math.floor(micros / 1000) + 40,
      ts_us: micros + 40_123,
      ts_ns: BigInt(micros + 40_123) * 1000n,
    },
  }
}

/** What the language's library does not declare yet. */
type JsonWithRaw = typeof JSON & { rawJSON(text: string): unknown }

/** JSON with 64-bit numbers whole. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? (JSON as JsonWithRaw).rawJSON(String(member)) : member,
  )
}

const field = (name: string, type: string, semantic?: string, optional = true): object => ({
  type,
  optional,
  ...(semantic === undefined ? {} : { name: semantic, version: 1, ...parameters(semantic) }),
  field: name,
})
const parameters = (semantic: string): object =>
  semantic.endsWith('.Decimal')
    ? { parameters: { scale: '2', 'connect.decimal.precision': '10' } }
    : semantic.endsWith('.Enum')
      ? { parameters: { allowed: 'new,paid,shipped' } }
      : {}
const source: readonly (readonly [string, string, boolean])[] = [
  ['version', 'string', false],
  ['connector', 'string', false],
  ['name', 'string', false],
  ['ts_ms', 'int64', false],
  ['snapshot', 'string', true],
  ['db', 'string', false],
  ['sequence', 'string', true],
  ['ts_us', 'int64', true],
  ['ts_ns', 'int64', true],
  ['schema', 'string', false],
  ['table', 'string', false],
  ['txId', 'int64', true],
  ['lsn', 'int64', true],
  ['xmin', 'int64', true],
]
const rowSchema = (name: string): object => ({
  type: 'struct',
  fields: columns.map(([column, type, semantic]) => field(column, type, semantic)),
  optional: true,
  name: 'shop.public.orders.Value',
  field: name,
})

/** The schema that Connect's JSON converter puts before each value. */
export const valueSchema: string = JSON.stringify({
  type: 'struct',
  fields: [
    rowSchema('before'),
    rowSchema('after'),
    {
      type: 'struct',
      fields: source.map(([name, type, optional]) => field(name, type, undefined, optional)),
      optional: false,
      name: 'io.debezium.connector.postgresql.Source',
      field: 'source',
    },
    {
      type: 'struct',
      fields: [
        field('id', 'string'),
        field('total_order', 'int64'),
        field('data_collection_order', 'int64'),
      ],
      optional: true,
      name: 'event.block',
      version: 1,
      field: 'transaction',
    },
    field('op', 'string', undefined, false),
    ...['ts_ms', 'ts_us', 'ts_ns'].map((name) => field(name, 'int64')),
  ],
  optional: false,
  name: 'shop.public.orders.Envelope',
  version: 2,
})

/** The schema of the keys. */
export const keySchema: string = JSON.stringify({
  type: 'struct',
  fields: [field('id', 'int64', undefined, false)],
  optional: false,
  name: 'shop.public.orders.Key',
})

const avroTypes: Readonly<Record<string, string>> = {
  int64: 'long',
  int32: 'int',
  string: 'string',
  boolean: 'boolean',
  double: 'double',
  bytes: 'bytes',
}
const avroField = (
  name: string,
  type: string,
  semantic: string | undefined,
  optional: boolean,
): object => {
  const plain = avroTypes[type]!
  const named =
    semantic === undefined
      ? plain
      : {
          type: plain,
          ...(semantic.endsWith('.Decimal')
            ? { scale: 2, precision: 10, logicalType: 'decimal' }
            : {}),
          'connect.version': 1,
          'connect.name': semantic,
        }
  return optional ? { name, type: ['null', named], default: null } : { name, type: named }
}

/** The same envelope as Connect's Avro converters register it. */
export const avroSchema: object = {
  type: 'record',
  name: 'Envelope',
  namespace: 'shop.public.orders',
  fields: [
    {
      name: 'before',
      type: [
        'null',
        {
          type: 'record',
          name: 'Value',
          fields: columns.map(([name, type, semantic]) => avroField(name, type, semantic, true)),
          'connect.name': 'shop.public.orders.Value',
        },
      ],
      default: null,
    },
    { name: 'after', type: ['null', 'Value'], default: null },
    {
      name: 'source',
      type: {
        type: 'record',
        name: 'Source',
        namespace: 'io.debezium.connector.postgresql',
        fields: source.map(([name, type, optional]) => avroField(name, type, undefined, optional)),
        'connect.name': 'io.debezium.connector.postgresql.Source',
      },
    },
    {
      name: 'transaction',
      type: [
        'null',
        {
          type: 'record',
          name: 'block',
          namespace: 'event',
          fields: [
            { name: 'id', type: 'string' },
            { name: 'total_order', type: 'long' },
            { name: 'data_collection_order', type: 'long' },
          ],
          'connect.name': 'event.block',
        },
      ],
      default: null,
    },
    { name: 'op', type: 'string' },
    ...['ts_ms', 'ts_us', 'ts_ns'].map((name) => ({ name, type: ['null', 'long'], default: null })),
  ],
  'connect.version': 2,
  'connect.name': 'shop.public.orders.Envelope',
}
