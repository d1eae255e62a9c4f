import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { ChangeRecord } from '@varve/cdc-debezium'

import type { DebeziumCase } from '../case-file.ts'

/** A row as SELECT gave it: every column as text. */
export type SelectedRow = Readonly<Record<string, string | null>>

/** What the tables held after a step, and where the database's log stood. */
interface HistoryState {
  readonly step: string
  /** What ran. */
  readonly sql?: string
  readonly position: Readonly<Record<string, string | number>>
  readonly rowsNow: Readonly<Record<string, readonly SelectedRow[]>>
}

/** A record with its place in the topic. */
interface HistoryRecord extends ChangeRecord {
  readonly topic: string
  readonly partition: number
}

/** One connector's records of a run, with the run's states. */
export interface History {
  /** `<database>/<variant>`. */
  readonly name: string
  readonly states: readonly HistoryState[]
  readonly records: readonly HistoryRecord[]
  readonly registry: DebeziumCase['registry']
  /** The connector's configuration. */
  readonly connector: Readonly<Record<string, string>>
}

interface EventLine {
  readonly topic: string
  readonly partition: number
  readonly headers: readonly (readonly [string, string | null])[]
  readonly key: string | null
  readonly value: string | null
}

/** The histories below a folder: folders that hold `states.jsonl`, at any depth. */
export async function readHistories(directory: string): Promise<readonly History[]> {
  const histories: History[] = []
  const visit = async (folder: string, depth: number): Promise<void> => {
    if (existsSync(join(folder, 'states.jsonl'))) {
      const states = await readLines<HistoryState>(join(folder, 'states.jsonl'))
      for (const variant of await folders(folder))
        histories.push(await readVariant(folder, variant, states))
    } else if (depth < 3) {
      for (const inner of await folders(folder)) await visit(join(folder, inner), depth + 1)
    }
  }
  await visit(directory, 0)
  return histories
}

async function readVariant(
  folder: string,
  variant: string,
  states: readonly HistoryState[],
): Promise<History> {
  const directory = join(folder, variant)
  const lines = await readLines<EventLine>(join(directory, 'events.jsonl'))
  const schemas = join(directory, 'schemas.json')
  const ids = existsSync(schemas)
    ? (
        JSON.parse(await readFile(schemas, 'utf8')) as {
          readonly ids: Readonly<
            Record<string, { readonly schemaType?: string; readonly schema: string }>
          >
        }
      ).ids
    : {}
  return {
    name: `${folder.split('/').at(-1)}/${variant}`,
    states,
    connector: JSON.parse(await readFile(join(directory, 'connector.json'), 'utf8')) as Readonly<
      Record<string, string>
    >,
    records: lines.map((line) => ({
      topic: line.topic,
      partition: line.partition,
      key: decode(line.key),
      value: decode(line.value),
      headers: line.headers.map(([key, value]) => ({ key, value: decode(value) })),
    })),
    registry: {
      ids: Object.fromEntries(
        Object.entries(ids).map(([id, { schemaType = 'AVRO', schema }]) => [
          id,
          { schemaType, schema },
        ]),
      ),
    },
  }
}

function decode(text: string | null): Uint8Array | null {
  return text === null ? null : new Uint8Array(Buffer.from(text, 'base64'))
}

async function folders(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

async function readLines<T>(path: string): Promise<readonly T[]> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T)
}
