import { decodeBase64 } from '../codec/side-codec.ts'
/** Adds what INSERT VALUES wrote. */
export function appendWritten(log, { topic, ...record }) {
  append(log, topic, { ...record, headers: [] })
}
function append(log, topic, record) {
  const records = log.get(topic)
  if (records === undefined) log.set(topic, [record])
  else records.push(record)
}
/**
 * Runs the queries over the inputs, one query completely before the next, as the original does: a topic that has inputs is fed from them
 * alone, in listed order across topics; one without inputs afterwards from what statements and earlier queries wrote there.
 */
export async function feedQueries(queries, inputs, codecOf, log) {
  const encoded = inputs.map((input) => ({ topic: input.topic, record: encode(input, codecOf) }))
  for (const { topic, record } of encoded) append(log, topic, record)
  const inputTopics = new Set(inputs.map(({ topic }) => topic))
  for (const query of queries) {
    const sources = [...new Set(query.sourceTopics)]
    for (const { topic, record } of encoded) {
      if (sources.includes(topic)) await pipe(query, topic, record, log)
    }
    for (const topic of sources) {
      if (inputTopics.has(topic)) continue
      for (const record of [...(log.get(topic) ?? [])]) await pipe(query, topic, record, log)
    }
  }
}
function encode(input, codecOf) {
  const codec = codecOf(input.topic)
  return {
    key: codec.encodeKey(input),
    value: codec.encodeValue(input),
    timestamp: Number(input.timestamp ?? 0n),
    headers: input.headers.map(({ key, value }) => ({
      key,
      value: value === null ? null : decodeBase64(value),
    })),
  }
}
async function pipe(query, topic, record, log) {
  for (const { topic: target, ...output } of await query.pipe(topic, record)) {
    append(log, target, output)
  }
}
