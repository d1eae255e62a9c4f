/** What becomes known of a table only while the rest of the topology is built. */
export interface TableSettings {
  /** Store that holds the rows. */
  store: string | undefined
  /** Somebody downstream needs old values. */
  sendOldValues: boolean
  /** Changes may be to the past: they come from a versioned store. */
  readonly versioned?: boolean
}
