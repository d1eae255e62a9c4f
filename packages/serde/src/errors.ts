import { VarveError, type VarveErrorOptions } from '@varve/base'

/** The bytes name a writer schema that was not fetched yet: prepare and try again. Not a fault of the record. */
export class SchemaNotLoadedError extends VarveError {
  /** Id in the frame. */
  readonly schemaId: number

  constructor(schemaId: number, options?: VarveErrorOptions) {
    super('VARVE_NOT_FOUND', `schema ${schemaId} is not loaded`, options)
    this.schemaId = schemaId
  }
}

/** A schema registry refused a request, or could not be reached. */
export class SchemaRegistryError extends VarveError {
  /** The registry's `error_code`: 40401, 40402, 40403, 409, 42201, 50001 …; 0 when no answer came. */
  readonly errorCode: number
  /** HTTP status; 0 when no answer came. */
  readonly status: number

  constructor(errorCode: number, status: number, message: string, options?: VarveErrorOptions) {
    super('VARVE_SCHEMA_REGISTRY', message, options)
    this.errorCode = errorCode
    this.status = status
  }
}
