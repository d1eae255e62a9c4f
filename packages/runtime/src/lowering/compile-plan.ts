import { messageOf } from '@varve/base'
import type { Columns, FormatSpec } from '@varve/serde'
import { createRowSerde, type RowSerde, type SchemaRegistry } from '@varve/serde'
import {
  compileExpression,
  compilePredicate,
  compileRow,
  type FunctionEnvironment,
  type FunctionRegistry,
  type PlanNode,
} from '@varve/sql'
import { StreamsBuilder, type RecordContext, type Topology } from '@varve/streams'

import type { Flow } from './flow.ts'
import { lowerNode } from './lower-plan.ts'
import type { LoweringContext, TopicUse } from './lowering-context.ts'
import { RecordEvaluation } from './record-evaluation.ts'
import { orderedRowSerde, stateRowSerde } from './store-serdes.ts'
import { withWindow } from './windowed-serde.ts'

/** A row that a step of a query could not use. */
export interface StepFailure {
  readonly step: string
  readonly message: string
  readonly cause: readonly string[]
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** What turning a plan into a topology needs besides the plan. */
export interface CompilePlanOptions {
  readonly applicationId: string
  readonly functions: FunctionRegistry
  readonly functionEnvironment: FunctionEnvironment
  readonly registry: SchemaRegistry
  readonly offsetReset?: 'earliest' | 'latest'
  readonly emit: 'CHANGES' | 'FINAL'
  readonly failOnDeserializationError?: boolean
  readonly failOnInvalidTimestamp?: boolean
  /** EMIT FINAL: no window is lost when time jumps past its retention before it was sent. Default: as in ksqlDB, it is. */
  readonly emitFinalComplete?: boolean
  /** The step whose rows pull queries read, and the name of its store. */
  readonly materialization?: { readonly step: string; readonly store: string }
  readonly onFailure: (failure: StepFailure) => void
}

/** A topology with what flows out of its plan's root. */
export interface CompiledPlan {
  readonly builder: StreamsBuilder
  readonly flow: Flow
  readonly context: LoweringContext
  /** Registers the schemas that the topology writes with; before it runs. @throws SchemaRegistryError */
  prepare(): Promise<void>
}

/** Lowers a plan onto a builder. The caller may hang more behind the flow before it calls {@link finish}. */
export function compilePlan(root: PlanNode, options: CompilePlanOptions): CompiledPlan {
  const builder = new StreamsBuilder()
  const written: RowSerde[] = []
  const context = createContext(builder, options, written)
  return {
    builder,
    flow: context.lower(root),
    context,
    prepare: async () => {
      for (const serde of written) await serde.ensureRegistered()
    },
  }
}

/** Closes the topology. */
export function finish(compiled: CompiledPlan): Topology {
  return compiled.builder.build()
}

function createContext(
  builder: StreamsBuilder,
  options: CompilePlanOptions,
  written: RowSerde[],
): LoweringContext {
  const { functions, functionEnvironment, registry, materialization } = options
  const report = (
    step: string,
    message: string,
    cause: readonly string[],
    at: RecordContext,
  ): void =>
    options.onFailure({
      step,
      message,
      cause,
      topic: at.topic,
      partition: at.partition,
      offset: at.offset,
    })
  const rowSerde = (
    side: 'key' | 'value',
    format: FormatSpec,
    columns: Columns,
    { topic, writes, sourceName }: TopicUse,
  ): RowSerde => {
    const serde = createRowSerde(format, columns, {
      side,
      topic,
      registry,
      ...(sourceName === undefined ? {} : { sourceName }),
    })
    if (writes) written.push(serde)
    return serde
  }
  const context: LoweringContext = {
    builder,
    functions,
    offsetReset: options.offsetReset,
    emitFinal: options.emit === 'FINAL',
    emitFinalComplete: options.emitFinalComplete ?? false,
    failOnDeserializationError: options.failOnDeserializationError ?? false,
    failOnInvalidTimestamp: options.failOnInvalidTimestamp ?? false,
    lower: (node) => lowerNode(node, context),
    compile: (expression) =>
      compileExpression(expression.tree, { functions, environment: functionEnvironment }),
    compileRow: (columns) =>
      compileRow(
        columns.map((column) => column.tree),
        { functions, environment: functionEnvironment },
      ),
    compilePredicate: (expression) =>
      compilePredicate(expression.tree, { functions, environment: functionEnvironment }),
    evaluation: (step, windowed) =>
      new RecordEvaluation(windowed, (error, record) => {
        report(step, messageOf(error), causesOf(error), record)
      }),
    reportDropped: (step, message, evaluation) => {
      const record = evaluation.record
      if (record !== undefined) report(step, message, [], record)
    },
    valueSerde: (format, columns, topic) => rowSerde('value', format, columns, topic),
    registry,
    rowKeySerde: (format, columns, topic) =>
      rowSerde('key', format, columns, { topic, writes: false }),
    keySerde: (format, schema, topic) =>
      withWindow(rowSerde('key', format, schema.keyColumns, topic), schema.window),
    storeKeySerde: (schema) => withWindow(orderedRowSerde(schema.keyColumns), schema.window),
    storeValueSerde: stateRowSerde,
    internalTopic: (name) => ({ topic: `${options.applicationId}-${name}`, writes: true }),
    pullStore: (node) => {
      if (materialization?.step !== node.step) return undefined
      return {
        store: materialization.store,
        keySerde: context.storeKeySerde(node.schema),
        valueSerde: stateRowSerde(),
      }
    },
  }
  return context
}

function causesOf(error: unknown): readonly string[] {
  const causes: string[] = []
  for (
    let cause = (error as { cause?: unknown }).cause;
    cause instanceof Error && causes.length < 10;
    cause = cause.cause
  ) {
    causes.push(cause.message)
  }
  return causes
}
