import type { Catalog, InferredColumns, TopicInfo } from '../catalog/catalog.ts'
import type { FunctionRegistry } from '../functions/registry.ts'
import type { FunctionEnvironment } from '../functions/function.ts'

/** Names and values of session and server properties: `ksql.persistence.default.format.value`, … */
export type SqlProperties = Readonly<Record<string, string | number | boolean | undefined>>

/** What analysis needs besides the statement. */
export interface AnalysisEnvironment {
  readonly catalog: Catalog
  readonly functions: FunctionRegistry
  /** Default: none set. */
  readonly properties?: SqlProperties
  /** Topics that exist. Absent: partition counts are not checked and sinks get none from their sources. */
  readonly topic?: (name: string) => TopicInfo | undefined
  /** What the schema registry said to the statement's inference requests. */
  readonly inferred?: InferredColumns
  /** Wall clock and randomness for expressions that are evaluated at once (INSERT VALUES). Default: the system's. */
  readonly functionEnvironment?: FunctionEnvironment
}
