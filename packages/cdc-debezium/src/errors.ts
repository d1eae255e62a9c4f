import { DeserializationError, type RecordLocation } from '@varve/base'

/** Why a record is no change event. */
export type ChangeFault =
  | 'invalid-json'
  | 'empty-value'
  | 'unknown-operation'
  | 'invalid-value'
  | 'invalid-envelope'
  | 'schema-not-found'
  | 'truncated'
  | 'trailing-bytes'

/** A record that cannot be decoded as a change event. */
export class ChangeDecodeError extends DeserializationError {
  readonly fault: ChangeFault
  /** Dotted path of the member at fault, where one is. */
  readonly path: string | undefined

  constructor(
    fault: ChangeFault,
    message: string,
    options: RecordLocation & { readonly path?: string } = {},
  ) {
    super(options.path === undefined ? message : `"${options.path}": ${message}`, options)
    this.fault = fault
    this.path = options.path
  }
}
