/** Codes of Level for what the store below reports; what is not listed keeps its own. */
const levelCodes: Readonly<Record<string, string>> = {
  VARVE_LOCKED: 'LEVEL_LOCKED',
  VARVE_CORRUPTION: 'LEVEL_CORRUPTION',
  VARVE_IO: 'LEVEL_IO_ERROR',
  VARVE_UNSUPPORTED: 'LEVEL_NOT_SUPPORTED',
  VARVE_NOT_OPEN: 'LEVEL_DATABASE_NOT_OPEN',
}

/** A failure under Level's code; its cause is the error of the store. */
export class LevelError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LevelError'
    this.code = code
  }
}

/** `error` under Level's code, or as it is when Level has none for it. */
export function toLevelError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const code = typeof error.code === 'string' ? levelCodes[error.code] : undefined
  return code === undefined ? error : new LevelError(code, error.message, { cause: error })
}

/** Runs `action`; its failures come under Level's codes. */
export function withLevelErrors<T>(action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw toLevelError(error)
  }
}

/** Awaits `action`; its failures come under Level's codes. */
export async function withLevelErrorsAsync<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw toLevelError(error)
  }
}
