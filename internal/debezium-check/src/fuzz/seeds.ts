import { EnvelopeWriter } from '@varve/cdc-debezium'
import { InMemorySchemaRegistry, SqlTypes } from '@varve/serde'

import { readCases } from '../case-file.ts'
import { createCaseRegistry } from '../case-registry.ts'
import { decoderOptions, toRecord } from '../run-case.ts'
import type { Seed } from './fuzz.ts'

/** The records of the cases in a folder: all formats, shapes and connectors. */
export async function caseSeeds(directory: string): Promise<readonly Seed[]> {
  return (await readCases(directory)).map((test) => ({
    name: test.name,
    records: test.records.map(toRecord),
    options: decoderOptions(test.options ?? {}),
    registry: createCaseRegistry(test.registry),
  }))
}

/** Envelopes of our own writer, in each of its formats. */
export async function writtenSeeds(): Promise<readonly Seed[]> {
  const seeds: Seed[] = []
  for (const format of ['json', 'json-schema', 'avro'] as const) {
    const registry = new InMemorySchemaRegistry()
    const writer = new EnvelopeWriter({
      topic: 'p.public.t',
      table: { schema: 'public', name: 't' },
      columns: [
        { name: 'id', type: SqlTypes.BIGINT },
        { name: 'd', type: { kind: 'DECIMAL', precision: 10, scale: 2 } },
        { name: 'at', type: 'io.debezium.time.MicroTimestamp' },
        { name: 'z', type: 'io.debezium.time.ZonedTimestamp' },
        { name: 'l', type: { kind: 'ARRAY', element: SqlTypes.DOUBLE } },
        { name: 'm', type: { kind: 'MAP', key: SqlTypes.STRING, value: SqlTypes.BYTES } },
        { name: 's', type: { kind: 'STRUCT', fields: [{ name: 'A', type: SqlTypes.STRING }] } },
      ],
      keyColumns: ['id'],
      format,
      registry,
      now: () => 1_710_928_800_000,
    })
    await writer.ensureRegistered()
    const row = [
      1n,
      { unscaled: 125n, scale: 2 },
      5n,
      'x',
      [1.5],
      new Map([['k', new Uint8Array(3)]]),
      ['y'],
    ]
    const zoned = row.map((value) => (value === 'x' ? '2024-03-20T10:00:00.5+01:00' : value))
    seeds.push({
      name: `written ${format}`,
      records: [
        ...writer.write({ after: zoned, position: 1 }),
        ...writer.write({ before: zoned, after: zoned.with(0, 2n), position: 2 }),
        ...writer.write({ before: zoned, position: 3 }),
        writer.truncate(),
      ],
      options: {},
      registry,
    })
  }
  return seeds
}
