import { isVarveError } from '@varve/base'

/** Errors of the database have a type; others are our own, that something is wrong, or a mistake of the program. */
export function isTyped(error: unknown): boolean {
  // A file that fails and then fails to close makes one error of both.
  if (error instanceof SuppressedError) return isTyped(error.error) && isTyped(error.suppressed)
  return isVarveError(error) && error.code !== 'VARVE_ASSERTION'
}
