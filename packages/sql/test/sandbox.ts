import type { SqlType } from '@varve/serde'

import {
  analyzeScriptStatement,
  createFunctionRegistry,
  parse,
  resolveType,
  type Command,
  type DataSource,
  type FunctionRegistry,
  type InferredColumns,
  type SqlProperties,
} from '../src/index.ts'

/** A catalog in memory that runs scripts the way an engine would, without running queries. */
export class Sandbox {
  readonly sources = new Map<string, DataSource>()
  readonly types = new Map<string, SqlType>()
  readonly functions: FunctionRegistry = createFunctionRegistry()
  properties: SqlProperties = {}

  /** {@link run} without lasting effect. */
  plan(script: string): Command[] {
    const before = new Map(this.sources)
    try {
      return this.run(script)
    } finally {
      this.sources.clear()
      for (const [name, source] of before) this.sources.set(name, source)
    }
  }

  /** The commands of a script; what they create is visible to later ones. */
  run(script: string, inferred: (topic: string) => InferredColumns = () => ({})): Command[] {
    return parse(script).flatMap((parsed) => {
      const { statement } = parsed
      if (statement.kind === 'createType') {
        this.types.set(
          statement.name,
          resolveType(statement.type, (name) => this.types.get(name)),
        )
      }
      if (statement.kind === 'dropSource') this.sources.delete(statement.name)
      const topic =
        statement.kind === 'createSource'
          ? statement.properties.find((property) => property.name === 'KAFKA_TOPIC')?.value
          : undefined
      const command = analyzeScriptStatement(parsed, script, {
        catalog: {
          source: (name) => this.sources.get(name),
          type: (name) => this.types.get(name),
        },
        functions: this.functions,
        properties: this.properties,
        topic: () => ({ partitions: 2, replicas: 1 }),
        inferred: inferred(String(topic)),
      })
      if (command?.kind === 'createSource' || command?.kind === 'createAsSelect') {
        if (!command.exists) this.sources.set(command.source.name, command.source)
      }
      return command === undefined ? [] : [command]
    })
  }
}
