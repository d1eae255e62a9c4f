import type { ConsumerRecord, Kafka } from '@varve/kafka'
import { formatDouble } from '@varve/serde'

import type { PrintHandle } from '../engine/query-types.ts'
import { readTopic } from './topic-tail.ts'

/** What PRINT was asked for. */
export interface PrintRequest {
  readonly id: string
  readonly kafka: Kafka
  readonly topic: string
  readonly fromBeginning: boolean
  /** Prints each n-th record. */
  readonly interval: number
  readonly limit: number
  readonly signal?: AbortSignal
  readonly onClosed: () => void
}

/** Prints the records of a topic, with formats guessed from the bytes. */
export function printTopic(request: PrintRequest): PrintHandle {
  const stop = new AbortController()
  const signal =
    request.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, request.signal])
  let closed = false
  const close = (): Promise<void> => {
    stop.abort()
    if (!closed) request.onClosed()
    closed = true
    return Promise.resolve()
  }
  return {
    id: request.id,
    kind: 'print',
    async *lines() {
      try {
        yield* printLines(request, signal)
      } catch (error) {
        if (!signal.aborted) throw error
      } finally {
        await close()
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function* printLines(request: PrintRequest, signal: AbortSignal): AsyncGenerator<string> {
  const batches = readTopic(request.kafka, request.topic, {
    from: request.fromBeginning ? 'earliest' : 'latest',
    toCurrentEnd: false,
    signal,
  })
  let seen = 0
  let printed = 0
  let formatsShown = false
  if (request.limit === 0) return
  for await (const { records } of batches) {
    for (const record of records) {
      if (seen++ % request.interval !== 0) continue
      if (!formatsShown) {
        formatsShown = true
        yield `Key format: ${guess(record.key).format}`
        yield `Value format: ${guess(record.value).format}`
      }
      yield lineOf(record)
      if (++printed >= request.limit) return
    }
  }
}

function lineOf(record: ConsumerRecord): string {
  const time = new Date(record.timestamp)
  const rowtime = Number.isNaN(time.getTime())
    ? String(record.timestamp)
    : `${time.toISOString().slice(0, 23).replaceAll('-', '/').replace('T', ' ')} Z`
  return `rowtime: ${rowtime}, key: ${guess(record.key).text}, value: ${guess(record.value).text}, partition: ${record.partition}`
}

/** What the bytes look like, and their text in that form. */
function guess(bytes: Uint8Array | null): { readonly format: string; readonly text: string } {
  if (bytes === null) return { format: '¯\\_(ツ)_/¯ - no data processed', text: '<null>' }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length > 5 && bytes[0] === 0) {
    return {
      format: `AVRO or other registry format, schema ${view.getUint32(1)}`,
      text: hex(bytes),
    }
  }
  const text = decodeText(bytes)
  if (text !== undefined) {
    if (/^\s*[[{]/.test(text) && isJson(text)) return { format: 'JSON', text }
    return { format: 'KAFKA_STRING', text }
  }
  if (bytes.length === 4) return { format: 'KAFKA_INT', text: String(view.getInt32(0)) }
  if (bytes.length === 8) {
    const whole = view.getBigInt64(0)
    const double = view.getFloat64(0)
    return whole > -(10n ** 15n) && whole < 10n ** 15n
      ? { format: 'KAFKA_BIGINT or KAFKA_DOUBLE', text: String(whole) }
      : { format: 'KAFKA_BIGINT or KAFKA_DOUBLE', text: formatDouble(double) }
  }
  return { format: 'bytes', text: hex(bytes) }
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    // Control characters are signs of binary data, not of text.
    // oxlint-disable-next-line no-control-regex
    return /[\u0000-\u0008\u000e-\u001f]/.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
