import { isVarveError } from '@varve/base'
import { createSeededRandom } from '@varve/base/testing'
import {
  ChangeDecoder,
  DebeziumTable,
  formatValue,
  isStruct,
  type Change,
  type ChangeDecoderOptions,
  type ChangeRecord,
  type ColumnValue,
} from '@varve/cdc-debezium'
import type { SchemaRegistry } from '@varve/serde'

import { mutate } from './mutate.ts'

/** Sound records with what their decoder is told. */
export interface Seed {
  readonly name: string
  readonly records: readonly ChangeRecord[]
  readonly options: ChangeDecoderOptions
  readonly registry: SchemaRegistry
}

/** What came of a run. */
export interface FuzzResult {
  readonly answered: number
  readonly refused: number
  /** Milliseconds of the slowest record. */
  readonly slowestMs: number
  /** The first failures, with what to repeat them by. */
  readonly failures: readonly string[]
}

/** A record that takes longer hangs. */
const maxMs = 2_000
const maxFailures = 10
/** A decoder goes through so many records before a new one takes its place. */
const recordsPerDecoder = 200
/** Every so many records the answer of a decoder that has seen others is compared with that of one that has not. */
const compareEvery = 20

/**
 * Decodes changed records and applies them to a table. Each must be answered, with values that can be spelled, or refused by a typed error; nothing else may
 * change.
 */
export async function fuzz(
  seeds: readonly Seed[],
  count: number,
  seed: number,
  progress: (done: number) => void = () => undefined,
): Promise<FuzzResult> {
  const random = createSeededRandom(seed)
  const all = seeds.flatMap(({ records }) => records)
  const prototypes = prototypeNames()
  const failures: string[] = []
  let answered = 0
  let refused = 0
  let slowestMs = 0
  for (let done = 0; done < count;) {
    const base = random.pick(seeds)
    const open = (): ChangeDecoder =>
      new ChangeDecoder({ ...base.options, registry: base.registry })
    const decoder = open()
    const table = new DebeziumTable({ deletedKeys: 100 })
    const until = Math.min(count, done + recordsPerDecoder)
    for (; done < until; done++) {
      const record = mutate(random.pick(base.records), all, random)
      const started = performance.now()
      try {
        const answer = await attempt(decoder, record, table)
        if (done % compareEvery === 0) {
          const fresh = await attempt(open(), record, undefined)
          if (spell(answer) !== spell(fresh))
            failures.push(`${base.name}: a used decoder answers differently: ${show(record)}`)
        }
        if (answer === undefined) refused++
        else answered++
      } catch (error) {
        failures.push(`${base.name}: ${String((error as Error).stack)}: ${show(record)}`)
      }
      const ms = performance.now() - started
      slowestMs = Math.max(slowestMs, ms)
      if (ms > maxMs) failures.push(`${base.name}: ${Math.round(ms)} ms: ${show(record)}`)
      if (prototypeNames() !== prototypes) {
        failures.push(`${base.name}: a prototype was changed: ${show(record)}`)
        return { answered, refused, slowestMs, failures }
      }
      if (failures.length >= maxFailures) return { answered, refused, slowestMs, failures }
    }
    progress(done)
  }
  return { answered, refused, slowestMs, failures }
}

/** The change; undefined for a typed refusal. Anything else that is thrown gets out. */
async function attempt(
  decoder: ChangeDecoder,
  record: ChangeRecord,
  table: DebeziumTable | undefined,
): Promise<Change | undefined> {
  try {
    await decoder.prepare(record)
    const change = decoder.decode(record)
    spell(change)
    if (table !== undefined) applyTo(table, change)
    return change
  } catch (error) {
    if (isVarveError(error)) return undefined
    throw error
  }
}

/** A table may refuse what a decoder answers: a row without key, an update of a document that cannot be. */
function applyTo(table: DebeziumTable, change: Change): void {
  try {
    table.apply(change)
  } catch (error) {
    if (!isVarveError(error)) throw error
  }
}

/** Spells a change whole: every value must have a text. */
function spell(change: Change | undefined): string {
  if (change === undefined) return 'refused'
  const values = (change.kind === 'row' ? [change.before, change.after] : []) as ColumnValue[]
  for (const value of values) if (value !== null && !isStruct(value)) throw new Error('no row')
  return `${change.kind} ${change.effect} ${formatValue(change.key)} ${values.map(formatValue).join()}`
}

function prototypeNames(): string {
  return [Object.prototype, Array.prototype, Map.prototype, Uint8Array.prototype]
    .map((prototype) => Reflect.ownKeys(prototype).length)
    .join()
}

function show({ key, value, headers = [] }: ChangeRecord): string {
  const hex = (bytes: Uint8Array | null): string =>
    bytes === null ? 'null' : Buffer.from(bytes).toString('base64')
  return JSON.stringify({
    key: hex(key),
    value: hex(value),
    headers: headers.map((header) => [header.key, hex(header.value)]),
  })
}
