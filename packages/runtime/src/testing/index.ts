/**
 * For tests of SQL: statements and records through the real planner, lowering and operators, without broker, threads or waiting.
 *
 * @packageDocumentation
 */
export { ScriptTestDriver, type ScriptTestDriverOptions } from './script-test-driver.ts'
export type { TestStatementResult, WrittenRecord } from './script-test-driver.ts'
export { TestQuery, type TestQueryOptions } from './test-query.ts'
export type { QueryInfo } from '../catalog/query-info.ts'
export type { StepFailure } from '../lowering/compile-plan.ts'
export type { KnownTopic, TopicCatalog } from '../statement/statement-context.ts'
export {
  runSqlTests,
  type SqlTestFailure,
  type SqlTestOptions,
  type SqlTestOutcome,
} from './sql-test/run-sql-tests.ts'
