import avsc from 'avsc'

import type { EventAt } from '@varve/internal-load'

const SENSORS = 500
const AREAS = ['wheel', 'motor', 'engine']
const encoder = new TextEncoder()

/** What the n-th sensor reading says. */
export function readingAt(n: number): { sensor: string; area: string; reading: number } {
  return { sensor: `load-${n % SENSORS}`, area: AREAS[n % AREAS.length]!, reading: n % 97 }
}

/** Sensor readings as records of the topic `readings`: text key, JSON value; one a millisecond from `firstTime` on. */
export function readingEvents(firstTime: number): EventAt {
  return (n) => {
    const { sensor, area, reading } = readingAt(n)
    return {
      key: encoder.encode(sensor),
      value: encoder.encode(JSON.stringify({ AREA: area, READING: reading })),
      timestamp: firstTime + n,
    }
  }
}

/** Which campaign the n-th submission of the load is for: two thirds go to 101. */
export function campaignAt(n: number): number {
  return n % 3 === 2 ? 102 : 101
}

/** Submissions as the connector writes inserted rows, in the schemas it registered; one a millisecond from `firstTime` on. */
export function submissionEvents(
  firstTime: number,
  key: { id: number; schema: string },
  value: { id: number; schema: string },
): EventAt {
  const keyType = avsc.Type.forSchema(
    JSON.parse(key.schema) as Parameters<typeof avsc.Type.forSchema>[0],
  )
  const valueType = avsc.Type.forSchema(
    JSON.parse(value.schema) as Parameters<typeof avsc.Type.forSchema>[0],
  )
  return (n) => {
    const time = firstTime + n
    const row = { user_id: 1000 + n, event_id: campaignAt(n) }
    const createdAt = new Date(Math.floor(time / 1000) * 1000).toISOString().replace('.000Z', 'Z')
    const source = {
      version: '3.2.0.Final',
      connector: 'mysql',
      name: 'EVENT_MYSQL',
      ts_ms: time,
      snapshot: 'false',
      db: 'EVENT',
      sequence: null,
      ts_us: time * 1000,
      ts_ns: null,
      table: 'SUBMIT',
      server_id: 1,
      gtid: null,
      file: 'bin.000001',
      pos: 4096 + n * 300,
      row: 0,
      thread: 11,
      query: null,
    }
    const envelope = {
      before: null,
      after: { ...row, created_at: createdAt },
      source,
      transaction: null,
      op: 'c',
      ts_ms: time,
      ts_us: time * 1000,
      ts_ns: null,
    }
    return {
      key: framed(key.id, keyType.toBuffer(row)),
      value: framed(value.id, valueType.toBuffer(envelope)),
      timestamp: time,
    }
  }
}

function framed(schemaId: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + payload.length)
  new DataView(bytes.buffer).setInt32(1, schemaId)
  bytes.set(payload, 5)
  return bytes
}
