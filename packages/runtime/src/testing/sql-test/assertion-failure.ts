/** Why a test did not pass. */
export class AssertionFailure extends Error {
  /** Column names over {@link expected} and {@link actual}, where rows were compared. */
  readonly columns: readonly string[] | undefined
  readonly expected: readonly string[] | undefined
  /** Absent too where there was no record. */
  readonly actual: readonly string[] | undefined

  constructor(
    message: string,
    rows: {
      readonly columns?: readonly string[]
      readonly expected?: readonly string[]
      readonly actual?: readonly string[]
    } = {},
  ) {
    super(message)
    this.columns = rows.columns
    this.expected = rows.expected
    this.actual = rows.actual
  }
}
