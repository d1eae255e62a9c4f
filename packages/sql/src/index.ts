/**
 * ksqlDB's SQL: text → tokens → AST → analysis → logical plan → physical plan; expression compiler; function library. No disk, no broker.
 *
 * @packageDocumentation
 */
export { SqlError, type SqlErrorDetail, type SqlErrorPhase } from './errors.ts'
export { positionAt, type Position, type Span } from './ast/position.ts'
export type { FieldNode, TypeNode } from './ast/type.ts'
export type {
  ArithmeticOperator,
  CallExpression,
  CaseBranch,
  ColumnExpression,
  ComparisonOperator,
  Expression,
  MapEntryNode,
  StructFieldNode,
  TimeUnit,
} from './ast/expression.ts'
export type {
  DurationNode,
  JoinNode,
  Query,
  SelectItem,
  SourceNode,
  WindowNode,
} from './ast/query.ts'
export type {
  ColumnNode,
  CreateAsSelect,
  CreateSource,
  InsertIntoSelect,
  InsertValues,
  ParsedStatement,
  PropertyNode,
  PropertyValue,
  ShowSubject,
  SourceKind,
  Statement,
  StatementKind,
} from './ast/statement.ts'

export type {
  DataSource,
  HeaderColumn,
  TimestampColumn,
  WindowInfo,
} from './catalog/data-source.ts'
export type {
  Catalog,
  InferenceRequest,
  InferredColumns,
  SchemaInference,
  TopicInfo,
} from './catalog/catalog.ts'
export { likeNamed } from './catalog/like-named.ts'
export { isSystemColumn } from './analyzer/scope.ts'

export type { AnalysisEnvironment, SqlProperties } from './analyzer/environment.ts'
export type {
  Command,
  CreateAsSelectCommand,
  CreateSourceCommand,
  InsertIntoCommand,
  InsertValuesCommand,
  PullQueryCommand,
  PushQueryCommand,
} from './analyzer/command.ts'

export {
  planFormatVersion,
  type AggregateCall,
  type AggregateNode,
  type AggregateWindow,
  type FilterNode,
  type FlatMapNode,
  type ForeignKeyJoinNode,
  type GroupByNode,
  type InternalFormats,
  type JoinType,
  type Materialization,
  type OutputColumn,
  type PartitionByNode,
  type PlanNode,
  type PlanNodeBase,
  type ProjectNode,
  type PushQueryPlan,
  type QueryPlan,
  type SinkNode,
  type SinkTopic,
  type SourceTablePlan,
  type StreamSourceNode,
  type StreamStreamJoinNode,
  type StreamTableJoinNode,
  type SuppressNode,
  type TableSourceNode,
  type TableRepartitionNode,
  type TableTableJoinNode,
} from './plan/physical-plan.ts'
export type { PullBound, PullLookup, PullPlan, PullWindowBounds } from './plan/pull-plan.ts'
export type { NamedPlanExpression, PlanExpression, PlanSchema } from './plan/schema.ts'

export type {
  CompiledExpression,
  CompiledPredicate,
  EvaluationContext,
  HeaderValue,
} from './expression/evaluation.ts'
export type {
  LiteralExpression,
  LiteralJson,
  PseudoColumn,
  TypedExpression,
} from './expression/typed-expression.ts'

export type {
  AggregateFunction,
  AggregateOverload,
  Aggregator,
  AggregatorSettings,
  FunctionCategory,
  FunctionEnvironment,
  LibraryFunction,
  ParameterDoc,
  ScalarFunction,
  ScalarOverload,
  TableFunction,
} from './functions/function.ts'
export type { FunctionRegistry } from './functions/registry.ts'
export { createFunctionRegistry } from './functions/built-in.ts'
export { createAggregator } from './functions/create-aggregator.ts'

export { parse, parseExpressionText, type ParseOptions } from './parser/parser.ts'
export {
  scanScript,
  skipBlanks,
  type ScannedPiece,
  type ScannedScript,
} from './lexer/scan-script.ts'
export { format } from './formatter/formatter.ts'
export { formatExpression, type FormatExpressionOptions } from './formatter/format-expression.ts'
export { formatIdentifier } from './formatter/format-identifier.ts'
export { durationMs, parseWindowSize } from './analyzer/duration.ts'
export { canonicalText } from './analyzer/canonical-text.ts'
export { changeColumnNames } from './analyzer/change-columns.ts'
export { analyze, analyzeScriptStatement, inferenceRequests } from './analyzer/analyze.ts'
export {
  analyzeAssertValues,
  type ColumnPlace,
  type ExpectedColumn,
  type ValuesAssertion,
} from './analyzer/assert-values.ts'
export { headersType } from './analyzer/scope.ts'
export { resolveType } from './analyzer/typing/context.ts'
export { explain } from './plan/explain.ts'
export {
  compileExpression,
  compileRow,
  compilePredicate,
  compileThrowing,
  type CompiledRow,
  type CompileOptions,
} from './expression/compile.ts'
export { valuesEqual } from './expression/compare-values.ts'
export { decodeLiteral, encodeLiteral, literalOf } from './expression/literal.ts'
