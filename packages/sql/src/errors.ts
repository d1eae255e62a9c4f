import { VarveError, type VarveErrorOptions } from '@varve/base'

import { positionAt, type Position, type Span } from './ast/position.ts'
import { renderCaret } from './render-caret.ts'

/** What a {@link SqlError} knows beyond its message. */
export interface SqlErrorDetail extends VarveErrorOptions {
  /** Where in the text the trouble is. */
  readonly span?: Span | undefined
  /** The whole script, so that {@link SqlError.render} can show the line. */
  readonly text?: string | undefined
  /** The statement at fault, where the text is a script of several. */
  readonly statement?: string | undefined
  /** One or more sentences that explain. */
  readonly detail?: string | undefined
  /** A sentence that says what to do. */
  readonly hint?: string | undefined
  /** Who refused. Default `semantic`. */
  readonly phase?: SqlErrorPhase
  /** Leave the place out of the message: the dialect's own text has none. {@link SqlError.render} still shows it. */
  readonly unplaced?: boolean
}

/**
 * Who refused a statement, in the order of work:
 *
 * - `syntax`: the grammar (`line L:C: …`);
 * - `literal`: a number that no type holds (`Failed to prepare statement: line L:C: …`, where the column is one more than where the number stands: the dialect counts it twice);
 * - `build`: what a statement says by itself, such as WITH properties and key kinds (`Failed to prepare statement: Line: L, Col: C: …`);
 * - `names`: names that cannot be told apart or do not exist (`Exception while preparing statement: Line: L, Col: C: …`);
 * - `semantic`: every later check (`Line: L, Col: C: …`).
 */
export type SqlErrorPhase = 'syntax' | 'literal' | 'build' | 'names' | 'semantic'

/**
 * A statement that cannot be parsed or does not make sense.
 *
 * `message` is one line in the dialect's manner (`line 1:8: …`); {@link render} adds the line of the script, a caret, detail and hint.
 */
export class SqlError extends VarveError {
  /** Message without position. */
  readonly primary: string
  readonly phase: SqlErrorPhase
  readonly span: Span | undefined
  readonly text: string | undefined
  /** The statement at fault, where the text is a script of several. */
  readonly statement: string | undefined
  readonly detail: string | undefined
  readonly hint: string | undefined
  readonly #unplaced: boolean

  constructor(message: string, detail: SqlErrorDetail = {}) {
    const phase = detail.phase ?? 'semantic'
    super(
      'VARVE_SQL',
      withPosition(message, detail.unplaced === true ? undefined : detail.span, phase),
      detail,
    )
    this.#unplaced = detail.unplaced ?? false
    this.primary = message
    this.phase = phase
    this.span = detail.span
    this.text = detail.text
    this.statement = detail.statement
    this.detail = detail.detail
    this.hint = detail.hint
  }

  /** Line and column of the trouble, both from 1. */
  get position(): Position | undefined {
    if (this.span === undefined) return undefined
    return this.text === undefined ? this.span : positionAt(this.text, this.span.offset)
  }

  /** The same error knowing its script; an error that knows one already is returned as it is. */
  withText(text: string): SqlError {
    return this.text === undefined ? this.#with({ text }) : this
  }

  /** The same error knowing which statement of its script is at fault. */
  withStatement(statement: string): SqlError {
    return this.statement === undefined ? this.#with({ statement }) : this
  }

  #with(more: Pick<SqlErrorDetail, 'text' | 'statement'>): SqlError {
    return new SqlError(this.primary, {
      cause: this.cause,
      span: this.span,
      text: this.text,
      statement: this.statement,
      detail: this.detail,
      hint: this.hint,
      phase: this.phase,
      unplaced: this.#unplaced,
      ...more,
    })
  }

  /** Message, the line of the script with a caret under the trouble, detail and hint, on several lines. */
  render(): string {
    const lines = [this.message]
    if (this.span !== undefined && this.text !== undefined) {
      lines.push(renderCaret(this.text, this.span))
    }
    if (this.detail !== undefined) lines.push(`Detail: ${this.detail}`)
    if (this.hint !== undefined) lines.push(`Hint: ${this.hint}`)
    return lines.join('\n')
  }
}

function withPosition(message: string, span: Span | undefined, phase: SqlErrorPhase): string {
  const prefix =
    phase === 'literal' || phase === 'build'
      ? 'Failed to prepare statement: '
      : phase === 'names'
        ? 'Exception while preparing statement: '
        : ''
  if (span === undefined) return prefix + message
  if (phase === 'syntax') return `line ${span.line}:${span.column}: ${message}`
  return phase === 'literal'
    ? `${prefix}line ${span.line}:${span.column + 1}: ${message}`
    : `${prefix}Line: ${span.line}, Col: ${span.column}: ${message}`
}
