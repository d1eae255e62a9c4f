import { IoError } from '@varve/base'

/** System error codes that callers tell apart. */
export type SystemErrorCode =
  'ENOENT' | 'EEXIST' | 'ENOTDIR' | 'EISDIR' | 'ENOTEMPTY' | 'ENOSPC' | 'EIO' | 'EBADF' | 'EXDEV'

const texts: Readonly<Record<SystemErrorCode, string>> = {
  ENOENT: 'no such file or directory',
  EEXIST: 'file already exists',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  ENOTEMPTY: 'directory not empty',
  ENOSPC: 'no space left on device',
  EIO: 'input/output error',
  EBADF: 'bad file descriptor',
  EXDEV: 'cross-device link',
}

/** Wraps what the system threw while it did `action` to `path`. */
export function toIoError(action: string, path: string, cause: unknown): IoError {
  if (cause instanceof IoError) return cause
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error'
  const text = texts[code as SystemErrorCode] ?? code
  return new IoError(`cannot ${action} "${path}": ${text}`, { path, cause })
}

/** An error as the system throws it, for file systems that have no system beneath. */
export function systemError(code: SystemErrorCode): Error & { code: SystemErrorCode } {
  return Object.assign(new Error(`${code}: ${texts[code]}`), { code })
}

/** The system's code behind an {@link IoError} (`ENOENT`, `ENOSPC` …), or undefined. */
export function ioErrorCode(error: unknown): string | undefined {
  const cause = error instanceof IoError ? error.cause : error
  const code = (cause as NodeJS.ErrnoException | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** Whether `error` says that a file or directory is missing. */
export function isNotFound(error: unknown): boolean {
  return ioErrorCode(error) === 'ENOENT'
}
