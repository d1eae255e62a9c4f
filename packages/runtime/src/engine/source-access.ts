import { createRowSerde, type Row, type SchemaRegistry } from '@varve/serde'
import type { DataSource } from '@varve/sql'
import type { Serde } from '@varve/streams'

import type { Metastore } from '../catalog/metastore.ts'
import type { PlanKey } from '../lowering/flow.ts'
import { withWindow } from '../lowering/windowed-serde.ts'
import { identifier } from './coerce-value.ts'
import { EngineError } from './engine-error.ts'
import type { SourceSerdes } from './record-writer.ts'

/** Finds sources and keeps the serdes of their topics. */
export class SourceAccess {
  readonly #metastore: Metastore
  readonly #registry: SchemaRegistry
  /** By definition: a replaced source is another object. */
  readonly #serdes = new WeakMap<DataSource, SourceSerdes>()
  readonly #registered = new WeakMap<DataSource, Promise<void>>()

  constructor(metastore: Metastore, registry: SchemaRegistry) {
    this.#metastore = metastore
    this.#registry = registry
  }

  /** A source by exact name, or by the name as the dialect reads it. @throws EngineError when there is none */
  find(name: string): DataSource {
    const source = this.#metastore.source(name) ?? this.#metastore.source(identifier(name))
    if (source === undefined) throw new EngineError('statement', `Source ${name} does not exist.`)
    return source
  }

  /** Serdes of both sides of the source's topic. */
  serdes(source: DataSource): SourceSerdes {
    let serdes = this.#serdes.get(source)
    if (serdes === undefined) {
      const context = { topic: source.topic, registry: this.#registry, sourceName: source.name }
      serdes = {
        key: createRowSerde(source.keyFormat, source.keyColumns, { ...context, side: 'key' }),
        value: createRowSerde(source.valueFormat, source.valueColumns, {
          ...context,
          side: 'value',
        }),
      }
      this.#serdes.set(source, serdes)
    }
    return serdes
  }

  /** Serdes as readers of the topic need them, windows in keys included. */
  readers(source: DataSource): { readonly key: Serde<PlanKey>; readonly value: Serde<Row | null> } {
    const { key, value } = this.serdes(source)
    return { key: withWindow(key, source.window), value }
  }

  /** Registers the schemas that writing to the source needs, once. @throws SchemaRegistryError */
  ensureRegistered(
    source: DataSource,
    sides: { readonly key: boolean; readonly value: boolean },
  ): Promise<void> {
    const serdes = this.serdes(source)
    return Promise.all([
      sides.key ? serdes.key.ensureRegistered() : undefined,
      sides.value ? serdes.value.ensureRegistered() : undefined,
    ]).then(() => undefined)
  }

  /** Serdes ready to write. */
  async writers(source: DataSource): Promise<SourceSerdes> {
    let registered = this.#registered.get(source)
    if (registered === undefined) {
      registered = this.ensureRegistered(source, { key: true, value: true })
      this.#registered.set(source, registered)
      registered.catch(() => this.#registered.delete(source))
    }
    await registered
    return this.serdes(source)
  }
}
