/** The server answered with an error. */
export class ServerError extends Error {
  /** HTTP status; 0 when the error came inside a stream. */
  readonly status: number
  /** ksqlDB's error code. */
  readonly errorCode: number
  /** The statement at fault, where the server named it. */
  readonly statementText: string | undefined

  constructor(status: number, body: unknown) {
    const fields = (typeof body === 'object' && body !== null ? body : {}) as {
      readonly message?: string
      readonly error_code?: number
      readonly statementText?: string
    }
    super(fields.message ?? `the server answered with status ${status}`)
    this.name = 'ServerError'
    this.status = status
    this.errorCode = fields.error_code ?? 0
    this.statementText = fields.statementText
  }
}
