import { quoteIdentifier } from '@varve/serde'
import type { SourceKind } from '@varve/sql'

/** Id of the command that creates a source: ksqlDB quotes the name here, and only here. */
export function createCommandId(kind: SourceKind, name: string): string {
  return `${kind.toLowerCase()}/${quoteIdentifier(name)}/create`
}

/** Prefix that internal topics and groups of a query have. */
export function applicationId(
  serviceId: string,
  persistentPrefix: string,
  queryId: string,
): string {
  return `_confluent-ksql-${serviceId}${persistentPrefix}${queryId}`
}

/** A name as a part of a query id: ids hold no characters that topic names may not hold. */
export function idPart(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9_]/g, '_')
}
