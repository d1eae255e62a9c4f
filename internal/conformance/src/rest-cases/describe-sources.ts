import type { Engine } from '@varve/runtime'
import type { Columns, FormatName, SqlType } from '@varve/serde'

import type { TopicFormat } from '../codec/topic-codec.ts'

/** A source as DESCRIBE tells it. */
export interface DescribedSource extends TopicFormat {
  readonly topic: string
  /** Persistent queries that read it. */
  readonly readQueries: readonly string[]
}

/** Asks the engine for all its sources. */
export async function describeSources(engine: Engine): Promise<DescribedSource[]> {
  const described: DescribedSource[] = []
  for (const { name } of engine.sources) {
    const [entity] = await engine.execute(`DESCRIBE \`${name}\`;`)
    if (entity?.['@type'] !== 'sourceDescription') continue
    const { topic, keyFormat, valueFormat, fields, readQueries } = entity.sourceDescription
    // Kinds are enough to read what REST cases write; members of nested types are not told here.
    const columns = (key: boolean): Columns =>
      fields
        .filter((field) => (field.type === 'KEY') === key)
        .map((field) => ({ name: field.name, type: { kind: field.schema.type } as SqlType }))
    described.push({
      topic,
      keyFormat: { format: keyFormat as FormatName },
      valueFormat: { format: valueFormat as FormatName },
      keyColumns: columns(true),
      valueColumns: columns(false),
      readQueries: readQueries.map(({ id }) => id),
    })
  }
  return described
}
