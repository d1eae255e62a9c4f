import type { ParsedStatement, Statement } from '../ast/statement.ts'
import type { InferenceRequest } from '../catalog/catalog.ts'
import { SqlError } from '../errors.ts'
import type { Command } from './command.ts'
import { sinkSchemaRequests } from './sink-schema.ts'
import { analyzeCreateAsSelect, analyzeInsertInto } from './create-as-select.ts'
import { analyzeCreateSource, createInferenceRequests } from './create-source.ts'
import type { AnalysisEnvironment, SqlProperties } from './environment.ts'
import { analyzeInsertValues } from './insert-values.ts'
import { analyzePullQuery } from './pull-query.ts'
import { analyzePushQuery } from './push-query.ts'

/**
 * What the statement wants from the schema registry: resolve it, and hand the answer to {@link analyze} as `inferred`. Empty for all but CREATE STREAM and
 * TABLE without columns of a side, and C*AS with the id of a schema.
 *
 * @throws SqlError when its WITH clause is wrong
 */
export function inferenceRequests(
  statement: Statement,
  properties: SqlProperties = {},
): readonly InferenceRequest[] {
  switch (statement.kind) {
    case 'createSource':
      return createInferenceRequests(statement, properties)
    case 'createAsSelect':
      return sinkSchemaRequests(statement)
    default:
      return []
  }
}

/**
 * Says what a statement means: names resolved, types checked, queries planned. Nothing is changed. Statements that only ask or steer (SHOW, DROP, SET,
 * TERMINATE …) have nothing to analyse and give `undefined`.
 *
 * @throws SqlError with position (relative to the script the statement was parsed from)
 * @throws UnsupportedError for what is known and not done
 */
export function analyze(
  parsed: ParsedStatement,
  environment: AnalysisEnvironment,
): Command | undefined {
  const { statement, text } = parsed
  switch (statement.kind) {
    case 'createSource':
      return analyzeCreateSource({ statement, text }, environment)
    case 'createAsSelect':
      return analyzeCreateAsSelect({ statement, text }, environment)
    case 'insertIntoSelect':
      return analyzeInsertInto(statement, environment)
    case 'insertValues':
      return analyzeInsertValues(statement, environment)
    case 'query':
      return statement.emit === undefined
        ? analyzePullQuery(statement, environment)
        : analyzePushQuery(statement, environment)
    default:
      return undefined
  }
}

/** {@link analyze} for a statement of a known script: errors can show its line. */
export function analyzeScriptStatement(
  parsed: ParsedStatement,
  script: string,
  environment: AnalysisEnvironment,
): Command | undefined {
  try {
    return analyze(parsed, environment)
  } catch (error) {
    throw error instanceof SqlError ? error.withText(script) : error
  }
}
