import { cockroachdb } from './cockroachdb.ts'
import type { Connector } from './connector.ts'
import { informix } from './informix.ts'
import { mysql } from './mysql.ts'
import { oracle } from './oracle.ts'
import { postgresql } from './postgresql.ts'
import { spanner } from './spanner.ts'
import { sqlserver } from './sqlserver.ts'
import { vitess } from './vitess.ts'

/** Connectors by `source.connector`. */
export const connectors: ReadonlyMap<string, Connector> = new Map(
  [postgresql, mysql, sqlserver, informix, oracle, vitess, cockroachdb, spanner].flatMap(
    (connector) => connector.names.map((name) => [name, connector] as const),
  ),
)

/** Connectors whose events are no rows in the common envelope, or whose rows mean something else there. */
export const unsupportedConnectors: ReadonlySet<string> = new Set(['mongodb', 'cassandra'])
