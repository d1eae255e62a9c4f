import { AbortedError, isVarveError } from '@varve/base'
import { KafkaError } from '@varve/kafka'

import { ProcessingError } from '../task/processing-error.ts'

/** Whether starting again from what is committed may help: trouble with the broker, not with a record or with the state. */
export function isRetriable(error: unknown): boolean {
  if (error instanceof ProcessingError) return false
  if (error instanceof KafkaError) return true
  return (
    isVarveError(error) &&
    (error.code === 'VARVE_TIMEOUT' ||
      (error.code === 'VARVE_ABORTED' && error instanceof AbortedError) ||
      error.name === 'TransactionAbortedError')
  )
}
