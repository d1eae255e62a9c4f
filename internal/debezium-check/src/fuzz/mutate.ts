import type { SeededRandom } from '@varve/base/testing'
import type { ChangeRecord } from '@varve/cdc-debezium'

/** Texts with a meaning, to JavaScript, to JSON or to connectors. */
const TOKENS = [
  '"__proto__"',
  '"constructor"',
  '{"__proto__":{"polluted":1}}',
  '"payload"',
  '"schema"',
  '"op":"c"',
  '"op":"m"',
  '"op":"t"',
  '"op":"i"',
  'null',
  '[]',
  '{}',
  '-1',
  '1e999',
  '99999999999999999999999999',
  '9223372036854775808',
  '""',
  '"AAAA"',
  '"\\u0000"',
  '{"$date":"x"}',
  '[[[[[[[[',
  '"connector":"mongodb"',
  '"connector":"cassandra"',
  '"connector":"vitess"',
  '"snapshot":"incremental"',
  'io.debezium.data.EnumSet',
  'io.debezium.time.NanoTimestamp',
  'org.apache.kafka.connect.data.Decimal',
].map((token) => Buffer.from(token))
const HEADERS = [
  '__debezium.oldkey',
  '__debezium.newkey',
  '__key_schema_id',
  '__value_schema_id',
  'apicurio.value.globalId',
  'apicurio.value.contentId',
  '__op',
  'id',
]

/** A record changed in one to four places. */
export function mutate(
  record: ChangeRecord,
  others: readonly ChangeRecord[],
  random: SeededRandom,
): ChangeRecord {
  let { key, value } = record
  let headers = record.headers ?? []
  for (let left = 1 + random.below(4); left > 0; left--) {
    const choice = random.below(20)
    if (choice === 0) key = mutateBytes(key, random.pick(others).key, random)
    else if (choice === 1)
      headers = [
        ...headers,
        {
          key: random.pick(HEADERS),
          value: mutateBytes(random.pick(others).key, random.pick(TOKENS), random),
        },
      ]
    else if (choice === 2) key = random.pick(others).key
    else if (choice === 3 && headers.length > 0) headers = headers.slice(1)
    else value = mutateBytes(value, random.pick(others).value, random)
  }
  return { ...record, key, value, headers }
}

function mutateBytes(
  bytes: Uint8Array | null,
  other: Uint8Array | null,
  random: SeededRandom,
): Uint8Array | null {
  if (bytes === null || bytes.length === 0) return random.below(4) === 0 ? other : bytes
  const at = random.below(bytes.length)
  const length = 1 + random.below(Math.min(40, bytes.length - at))
  const insert = (middle: Uint8Array, skip: number): Uint8Array =>
    new Uint8Array(Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(at + skip)]))
  switch (random.below(10)) {
    case 0:
    case 1:
      return bytes.map((byte, i) => (i === at ? byte ^ (1 << random.below(8)) : byte))
    case 2:
      return bytes.map((byte, i) => (i === at ? random.below(256) : byte))
    case 3:
      return bytes.slice(0, at)
    case 4:
      return insert(new Uint8Array(), length)
    case 5:
      return insert(bytes.subarray(at, at + length), 0)
    case 6:
      return insert(random.pick(TOKENS), 0)
    case 7:
      return insert(random.pick(TOKENS), wordAt(bytes, at))
    case 8: {
      if (other === null || other.length === 0) return null
      const from = random.below(other.length)
      return insert(other.subarray(from, from + 1 + random.below(60)), length)
    }
    default:
      return insert(Buffer.from(String(random.below(2 ** 31) - 2 ** 30)), wordAt(bytes, at))
  }
}

/** Bytes up to the next sign of JSON. */
function wordAt(bytes: Uint8Array, at: number): number {
  let end = at
  while (
    end < bytes.length &&
    end - at < 60 &&
    !',:{}[]'.includes(String.fromCharCode(bytes[end]!))
  )
    end++
  return end - at
}
