import type { Row } from '@varve/serde'
import type { KStream, KTable, Serde, Windowed } from '@varve/streams'

/** The key of a record between plan nodes: a row of key columns, or such a row in a window. `null` where a stream has no key. */
export type PlanKey = Row | Windowed<Row> | null

/** What leaves a plan node, as the DSL sees it. */
export type Flow =
  | {
      readonly kind: 'stream'
      readonly stream: KStream<PlanKey, Row | null>
      /** How keys look on a topic of the same shape. */
      readonly keySerde: Serde<PlanKey>
      readonly windowed: boolean
    }
  | {
      readonly kind: 'table'
      readonly table: KTable<PlanKey, Row>
      readonly keySerde: Serde<PlanKey>
      readonly windowed: boolean
    }

/** A {@link Flow} that is a stream. */
export type StreamFlow = Extract<Flow, { readonly kind: 'stream' }>

/** A {@link Flow} that is a table. */
export type TableFlow = Extract<Flow, { readonly kind: 'table' }>

/** The key columns of a key that may carry a window. */
export function keyRowOf(key: PlanKey, windowed: boolean): Row | null {
  return windowed ? (key as Windowed<Row>).key : (key as Row | null)
}
