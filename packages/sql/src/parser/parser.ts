import type { Expression } from '../ast/expression.ts'
import type { ParsedStatement, Statement } from '../ast/statement.ts'
import { SqlError } from '../errors.ts'
import { Lexer } from '../lexer/lexer.ts'
import { parseAssert } from './parse-assert.ts'
import { parseAlter, parseDrop, parseQueryControl } from './parse-change.ts'
import { parseCreate } from './parse-create.ts'
import { parseExpression } from './parse-expression.ts'
import { parseInsert } from './parse-insert.ts'
import { parseQuery } from './parse-query.ts'
import { parseSession } from './parse-session.ts'
import { parseDescribe, parsePrint, parseShow } from './parse-show.ts'
import { TokenStream } from './token-stream.ts'

/** Options of {@link parse}. */
export interface ParseOptions {
  /** Variables for `${name}`; names are case-insensitive. DEFINE and UNDEFINE in the script change them from there on. */
  readonly variables?: Readonly<Record<string, string>>
  /** `false`: `${name}` outside of quotes is an error, inside it is plain text. Default true. */
  readonly substituteVariables?: boolean
  /** Also accept ASSERT VALUES, ASSERT NULL VALUES, ASSERT STREAM and ASSERT TABLE, the statements of tests. Default true. */
  readonly testStatements?: boolean
  /** Also accept RUN SCRIPT, which is a word of shells rather than of the dialect. Default false. */
  readonly runScript?: boolean
}

/**
 * Parses a script, all of it: an error anywhere means no statements.
 *
 * @throws SqlError with the place in the script
 */
export function parse(text: string, options: ParseOptions = {}): ParsedStatement[] {
  const substitute = options.substituteVariables ?? true
  const variables = new Map<string, string>()
  for (const [name, value] of Object.entries(options.variables ?? {})) {
    variables.set(name.toUpperCase(), value)
  }
  const lexer = new Lexer(text)
  const statements: ParsedStatement[] = []
  let current: string | undefined
  try {
    for (;;) {
      const lexed = lexer.nextStatement(substitute ? variables : new Map())
      if (lexed === undefined) return statements
      current = lexed.text
      const tokens = new TokenStream(lexed.tokens)
      const statement = parseStatement(tokens, options)
      if (!tokens.isSymbol(';')) {
        tokens.failExpecting(
          "';'",
          tokens.peek().kind === 'end' ? 'Every statement ends with a semicolon.' : undefined,
        )
      }
      if (statement.kind === 'define') variables.set(statement.name, statement.value)
      if (statement.kind === 'undefine') variables.delete(statement.name)
      statements.push({ statement, text: lexed.text })
    }
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    throw (current === undefined ? error : error.withStatement(current)).withText(text)
  }
}

/**
 * Parses a single expression.
 *
 * @throws SqlError with the place in the text
 */
export function parseExpressionText(text: string): Expression {
  try {
    const lexed = new Lexer(text).nextStatement(new Map())
    if (lexed === undefined) {
      throw new SqlError('expected an expression', { phase: 'syntax' })
    }
    const tokens = new TokenStream(lexed.tokens)
    const expression = parseExpression(tokens)
    if (tokens.peek().kind !== 'end') tokens.fail('expected the end of the expression')
    return expression
  } catch (error) {
    throw error instanceof SqlError ? error.withText(text) : error
  }
}

function parseStatement(
  tokens: TokenStream,
  { runScript = false, testStatements = true }: ParseOptions,
): Statement {
  const token = tokens.peek()
  switch (token.kind === 'word' ? token.text : '') {
    case 'SELECT':
      return parseQuery(tokens)
    case 'CREATE':
      return parseCreate(tokens)
    case 'INSERT':
      return parseInsert(tokens)
    case 'DROP':
      return parseDrop(tokens)
    case 'ALTER':
      return parseAlter(tokens)
    case 'TERMINATE':
    case 'PAUSE':
    case 'RESUME':
      return parseQueryControl(tokens)
    case 'SHOW':
    case 'LIST':
      return parseShow(tokens)
    case 'DESCRIBE':
      return parseDescribe(tokens)
    case 'PRINT':
      return parsePrint(tokens)
    case 'EXPLAIN':
      return parseExplain(tokens)
    case 'SET':
    case 'UNSET':
    case 'DEFINE':
    case 'UNDEFINE':
      return parseSession(tokens)
    case 'ASSERT':
      return parseAssert(tokens, testStatements)
    case 'RUN':
      if (runScript) return parseSession(tokens)
      break
    default:
      break
  }
  throw new SqlError(`Syntax Error\nUnknown statement '${token.source}'`, {
    span: token.span,
    phase: 'syntax',
    hint: 'Statements begin with SELECT, CREATE, INSERT, DROP, SHOW, DESCRIBE, EXPLAIN, PRINT, SET, TERMINATE, …',
  })
}

const statementWords = ['SELECT', 'CREATE', 'INSERT']

function parseExplain(tokens: TokenStream): Statement {
  const first = tokens.next().span
  const subject =
    tokens.peek().kind === 'word' && statementWords.includes(tokens.peek().text)
      ? tokens.nested(() => parseStatement(tokens, {}))
      : tokens.identifier('a statement or the id of a query')
  return { kind: 'explain', subject, span: tokens.spanFrom(first) }
}
