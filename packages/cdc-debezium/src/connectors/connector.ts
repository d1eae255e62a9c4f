import type { SourcePosition } from '../change.ts'
import type { RawObject } from '../connect/raw.ts'

/** What differs between connectors whose events are rows in an envelope. */
export interface Connector {
  /** Values of `source.connector`. */
  readonly names: readonly string[]
  /** The members of `source` that order events. */
  position(source: RawObject): SourcePosition
  /** The part of a transaction's id that all its events share. */
  transactionKey(id: string): string
  /** Whether only the key columns of a delete's `before` can be believed. */
  readonly beforeMayBePartial: boolean
  /** Whether updates may carry only the columns that changed, the others null. Default false. */
  readonly rowsMayBePartial?: boolean
}

/** Ids that are the same in all events of a transaction. */
export const wholeId = (id: string): string => id

/** Ids that end in the position of the very event. */
export const idBeforeColon = (id: string): string => {
  const colon = id.indexOf(':')
  return colon < 0 ? id : id.slice(0, colon)
}
