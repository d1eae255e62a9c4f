import type { Metastore } from '../catalog/metastore.ts'

/** A source or query of a {@link Lineage}. */
export type LineageNode =
  | { readonly kind: 'stream' | 'table'; readonly name: string; readonly topic: string }
  | { readonly kind: 'query'; readonly name: string; readonly sql: string }

/** What flows into what: plain data, ready to be drawn. */
export interface Lineage {
  readonly nodes: readonly LineageNode[]
  /** From a source to a query that reads it, from a query to the source it writes. Names as in {@link nodes}. */
  readonly edges: readonly { readonly from: string; readonly to: string }[]
}

/** The lineage of everything in a catalog. */
export function lineageOf(metastore: Metastore): Lineage {
  const nodes: LineageNode[] = []
  for (const source of metastore.sources().values()) {
    nodes.push({
      kind: source.kind === 'STREAM' ? 'stream' : 'table',
      name: source.name,
      topic: source.topic,
    })
  }
  const edges: { from: string; to: string }[] = []
  for (const query of metastore.queries().values()) {
    nodes.push({ kind: 'query', name: query.id, sql: query.statementText })
    for (const source of query.plan.sources) edges.push({ from: source, to: query.id })
    edges.push({ from: query.id, to: query.sink })
  }
  return { nodes, edges }
}
