import type { FormatSpec } from '@varve/serde'

import type { AnalysisEnvironment } from '../analyzer/environment.ts'

/** The key format where a source has none. */
export function defaultKeyFormat(environment: AnalysisEnvironment): FormatSpec {
  const configured = environment.properties?.['ksql.persistence.default.format.key']
  return {
    format: (typeof configured === 'string'
      ? configured.toUpperCase()
      : 'KAFKA') as FormatSpec['format'],
  }
}
