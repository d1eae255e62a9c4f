const brand = Symbol.for('varve.error')

/** Stable codes of {@link VarveError}; part of the public interface. */
export type VarveErrorCode =
  | 'VARVE_CORRUPTION'
  | 'VARVE_NOT_OPEN'
  | 'VARVE_NOT_FOUND'
  | 'VARVE_ALREADY_EXISTS'
  | 'VARVE_LOCKED'
  | 'VARVE_READ_ONLY'
  | 'VARVE_ABORTED'
  | 'VARVE_BUSY'
  | 'VARVE_UNSUPPORTED'
  | 'VARVE_INVALID_OPTION'
  | 'VARVE_IO'
  | 'VARVE_DESERIALIZATION'
  | 'VARVE_SERIALIZATION'
  | 'VARVE_SCHEMA_REGISTRY'
  | 'VARVE_SQL'
  | 'VARVE_KAFKA'
  | 'VARVE_TIMEOUT'
  | 'VARVE_EXPIRED'
  | 'VARVE_ASSERTION'

/** Options that every Varve error takes. */
export interface VarveErrorOptions {
  /** The lower-level failure this one reports. */
  readonly cause?: unknown
}

/**
 * Root of all errors thrown by Varve.
 *
 * Branded through a global symbol, so {@link isVarveError} holds also when two copies of the package are installed.
 */
export class VarveError extends Error {
  /** Stable, documented code; compare this instead of the message. */
  readonly code: VarveErrorCode

  constructor(code: VarveErrorCode, message: string, options: VarveErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.name = new.target.name
    Object.defineProperty(this, brand, { value: true })
  }
}

/** Whether `error` is a {@link VarveError}, of this or of another installed copy. */
export function isVarveError(error: unknown): error is VarveError {
  return typeof error === 'object' && error !== null && brand in error
}

/** Where damage was found. */
export interface CorruptionDetail extends VarveErrorOptions {
  /** Path of the damaged file. */
  readonly file?: string
  /** Byte offset of the damaged unit (block, log record) in the file. */
  readonly offset?: number
  readonly expected?: unknown
  readonly actual?: unknown
}

/** Stored bytes are not what was written. Never returned as data. */
export class CorruptionError extends VarveError {
  readonly file: string | undefined
  readonly offset: number | undefined
  readonly expected: unknown
  readonly actual: unknown

  constructor(message: string, detail: CorruptionDetail = {}) {
    const where =
      detail.file === undefined
        ? ''
        : ` in "${detail.file}"${detail.offset === undefined ? '' : ` at offset ${detail.offset}`}`
    super('VARVE_CORRUPTION', message + where, detail)
    this.file = detail.file
    this.offset = detail.offset
    this.expected = detail.expected
    this.actual = detail.actual
  }
}

/** The resource was not opened, or is closed. */
export class NotOpenError extends VarveError {
  constructor(message: string, options?: VarveErrorOptions) {
    super('VARVE_NOT_OPEN', message, options)
  }
}

/** Another process (or another instance in this one) holds the lock. */
export class LockedError extends VarveError {
  readonly path: string

  constructor(path: string, options?: VarveErrorOptions) {
    super('VARVE_LOCKED', `"${path}" is locked by another instance`, options)
    this.path = path
  }
}

/** A write reached something that only reads, or that refuses writes after a failure. */
export class ReadOnlyError extends VarveError {
  constructor(message: string, options?: VarveErrorOptions) {
    super('VARVE_READ_ONLY', message, options)
  }
}

/** The operation was given up: its signal fired or its owner closed. */
export class AbortedError extends VarveError {
  constructor(message: string, options?: VarveErrorOptions) {
    super('VARVE_ABORTED', message, options)
  }
}

/** The operation would have to wait where it may not; trying again later can succeed. */
export class BusyError extends VarveError {
  constructor(message: string, options?: VarveErrorOptions) {
    super('VARVE_BUSY', message, options)
  }
}

/** Something that was asked for by name is not there. */
export class NotFoundError extends VarveError {
  constructor(message: string, options?: VarveErrorOptions) {
    super('VARVE_NOT_FOUND', message, options)
  }
}

/** Something that was to be made is there already. */
export class AlreadyExistsError extends VarveError {
  constructor(message: string, options?: VarveErrorOptions) {
    super('VARVE_ALREADY_EXISTS', message, options)
  }
}

/** A deadline passed. */
export class TimeoutError extends VarveError {
  constructor(message: string, options?: VarveErrorOptions) {
    super('VARVE_TIMEOUT', message, options)
  }
}

/** A format or feature that is known by name and not handled. */
export class UnsupportedError extends VarveError {
  constructor(message: string, options?: VarveErrorOptions) {
    super('VARVE_UNSUPPORTED', message, options)
  }
}

/** An option is unknown or its value is out of range. */
export class InvalidOptionError extends VarveError {
  readonly option: string

  constructor(option: string, message: string, options?: VarveErrorOptions) {
    super('VARVE_INVALID_OPTION', `option "${option}": ${message}`, options)
    this.option = option
  }
}

/** The file system failed. */
export class IoError extends VarveError {
  readonly path: string | undefined

  constructor(message: string, options: VarveErrorOptions & { readonly path?: string } = {}) {
    super('VARVE_IO', message, options)
    this.path = options.path
  }
}

/** Where an undecodable record lies. */
export interface RecordLocation extends VarveErrorOptions {
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
}

/** Bytes of a record do not decode in the format asked for. */
export class DeserializationError extends VarveError {
  readonly topic: string | undefined
  readonly partition: number | undefined
  readonly offset: number | undefined

  constructor(message: string, location: RecordLocation = {}) {
    super('VARVE_DESERIALIZATION', message, location)
    this.topic = location.topic
    this.partition = location.partition
    this.offset = location.offset
  }
}

/** A value does not fit the format or schema it is to be written in. */
export class SerializationError extends VarveError {
  constructor(message: string, options?: VarveErrorOptions) {
    super('VARVE_SERIALIZATION', message, options)
  }
}

/** A broken invariant: a programming error, not an input error. */
export class AssertionError extends VarveError {
  constructor(message: string) {
    super('VARVE_ASSERTION', message)
  }
}

/** Throws {@link AssertionError} unless `condition` holds; `what` says what must hold. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new AssertionError(what)
}

/** What was thrown, in words: the message of an error, anything else as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
