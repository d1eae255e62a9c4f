import { cassandra } from './cassandra.ts'
import { cockroachdb } from './cockroachdb.ts'
import type { Connector } from './connector.ts'
import { informix } from './informix.ts'
import { mongodb } from './mongodb.ts'
import { mysql } from './mysql.ts'
import { oracle } from './oracle.ts'
import { postgresql } from './postgresql.ts'
import { spanner } from './spanner.ts'
import { sqlserver } from './sqlserver.ts'
import { vitess } from './vitess.ts'

/** Connectors by `source.connector`. */
export const connectors: ReadonlyMap<string, Connector> = new Map(
  [
    postgresql,
    mysql,
    sqlserver,
    informix,
    oracle,
    vitess,
    cockroachdb,
    spanner,
    mongodb,
    cassandra,
  ].flatMap((connector) => connector.names.map((name) => [name, connector] as const)),
)
