import type { DataSource } from '../catalog/data-source.ts'
import { planFormatVersion, type SourceTablePlan, type TableSourceNode } from './physical-plan.ts'

/** The query that keeps a SOURCE table readable: it only materialises the topic. */
export function planSourceTable(source: DataSource): SourceTablePlan {
  const root: TableSourceNode = {
    kind: 'tableSource',
    step: 'KsqlTopic',
    schema: {
      keyColumns: source.keyColumns,
      valueColumns: source.valueColumns,
      ...(source.window === undefined ? {} : { window: source.window }),
    },
    sourceName: source.name,
    alias: source.name,
    topic: source.topic,
    keyFormat: source.keyFormat,
    valueFormat: source.valueFormat,
    ...(source.timestamp === undefined ? {} : { timestamp: source.timestamp }),
    ...(source.window === undefined ? {} : { window: source.window }),
    headerColumns: source.headerColumns,
    materialized: true,
  }
  return {
    version: planFormatVersion,
    sources: [source.name],
    root,
    resultKind: 'TABLE',
    materialization: {
      step: root.step,
      store: `${root.step}-Reduce`,
      ...(source.window === undefined ? {} : { window: source.window }),
    },
    emit: 'CHANGES',
  }
}
