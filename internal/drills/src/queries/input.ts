import type { EventAt } from '@varve/internal-load'

export const PARTITIONS = 2
export const KEYS = 50
export const REGIONS = 6
/** Event time of the first order, milliseconds since the epoch. */
const FIRST_MS = 1_700_000_000_000
/** Orders of one key come this often within a burst. */
const SPACING_MS = 50
/** Orders in a burst, over all keys; the pause after it ends sessions. */
const BURST = 40 * KEYS
const PAUSE_MS = 7_000

/** An order as the queries read it. */
export interface Order {
  readonly k: string
  readonly id: number
  readonly amount: number
  readonly region: number
  readonly timestamp: number
}

/** The n-th order, always the same for the same n. */
function orderAt(n: number): Order {
  const burst = Math.floor(n / BURST)
  return {
    k: keyAt(n),
    id: n,
    amount: (n * 7919) % 1000,
    region: Math.floor(n / KEYS + (n % KEYS)) % REGIONS,
    timestamp: FIRST_MS + n * (SPACING_MS / KEYS) + burst * PAUSE_MS,
  }
}

export function keyAt(n: number): string {
  return `k${n % KEYS}`
}

/** Name of a person; every seventh is not there. */
export function personOf(k: string): string | undefined {
  const n = Number(k.slice(1))
  return n % 7 === 6 ? undefined : `person ${n}`
}

/** Name of a region; the last one is not there. */
export function regionName(region: number): string | undefined {
  return region === REGIONS - 1 ? undefined : `region ${region}`
}

const encoder = new TextEncoder()

export const orderEvents: EventAt = (n) => {
  const { k, timestamp, ...value } = orderAt(n)
  return { key: encoder.encode(k), value: upperCased(value), timestamp }
}

/** Key, value and time of what fills the table of people. */
export const personEvents: EventAt = (n) => {
  const k = keyAt(n)
  const name = personOf(k)
  return {
    key: encoder.encode(k),
    value: name === undefined ? null : upperCased({ name }),
    timestamp: 0,
  }
}

export const regionEvents: EventAt = (n) => {
  const name = regionName(n)
  const key = new Uint8Array(4)
  new DataView(key.buffer).setInt32(0, n)
  return { key, value: name === undefined ? null : upperCased({ name }), timestamp: 0 }
}

function upperCased(value: Readonly<Record<string, unknown>>): Uint8Array {
  const fields = Object.entries(value).map(([name, field]) => [name.toUpperCase(), field])
  return encoder.encode(JSON.stringify(Object.fromEntries(fields)))
}
