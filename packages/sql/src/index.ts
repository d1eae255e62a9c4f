/**
 * ksqlDB's SQL: lexer, parser, formatter, analyzer, plans, optimizer, expression compiler, functions.
 *
 * @packageDocumentation
 */
export {}
