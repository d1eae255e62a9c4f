import { AssertionError } from '@varve/base'

import { castFunction, castRefusal } from '../cast/cast.ts'
import { compileHeaders } from '../compile/compile-node.ts'
import type { CompileContext } from '../compile/context.ts'
import { decodeLiteral } from '../literal.ts'
import type { LiteralExpression, PseudoColumn, TypedExpression } from '../typed-expression.ts'
import { cannotFail, isPlainWidening } from './cannot-fail.ts'
import { generateArithmetic, generateNegate } from './generate-arithmetic.ts'
import { generateCall, variableName } from './generate-call.ts'
import {
  generateCase,
  generateField,
  generateList,
  generateMap,
  generateSubscript,
} from './generate-collection.ts'
import {
  generateComparison,
  generateIn,
  generateIsNull,
  generateLike,
  generateLogical,
  generateNot,
} from './generate-comparison.ts'
import type { Operand, SourceWriter } from './source-writer.ts'

/** Writes the code of a node. What it does, and what it does not evaluate, is what the closures of `compile-node.ts` do. */
export function generateNode(
  node: TypedExpression,
  writer: SourceWriter,
  compile: CompileContext,
): Operand {
  const generate = (inner: TypedExpression): Operand => generateNode(inner, writer, compile)
  const guarded = (inner: TypedExpression): Operand => generateGuarded(inner, writer, compile)
  switch (node.kind) {
    case 'literal':
      return generateLiteral(node, writer)
    case 'column': {
      const place = writer.index(node.index)
      return writer.define(`${node.side} === null ? null : (${node.side}[${place}] ?? null)`, true)
    }
    case 'pseudo':
      return writer.define(pseudoColumns[node.column], true)
    case 'headers': {
      const read = writer.constant(compileHeaders(node.headerKey))
      return writer.define(`${read}(key, value, context)`, true)
    }
    case 'variable':
      return { text: variableName(node.slot, writer), nullable: true }
    case 'arithmetic':
      return generateArithmetic(node, generate, writer)
    case 'negate':
      return generateNegate(node, generate, writer)
    case 'comparison':
      return generateComparison(node, generate, writer)
    case 'logical':
      return generateLogical(node, generate, writer)
    case 'not':
      return generateNot(node, generate, writer)
    case 'isNull':
      return generateIsNull(node, generate, writer)
    case 'in':
      return generateIn(node, generate, writer)
    case 'like':
      return generateLike(node, generate, writer)
    case 'case':
      return generateCase(node, generate, writer)
    case 'cast':
      return guardedBlock(() => generateConversion(node, generate, writer), writer)
    case 'convert':
      return generateConversion(node, generate, writer)
    case 'call':
      return generateCall(node, { plain: generate, guarded }, writer, compile)
    case 'subscript':
      return generateSubscript(node, generate, writer)
    case 'field':
      return generateField(node, generate, writer)
    case 'array':
      return generateList(node.elements, guarded, writer)
    case 'map':
      return generateMap(node, guarded, writer)
    case 'struct':
      return generateList(node.fields, guarded, writer)
    case 'lambda':
    case 'unit':
      throw new AssertionError(`a ${node.kind} stands only as an argument`)
  }
}

/** A failure inside is reported and gives null. */
export function generateGuarded(
  node: TypedExpression,
  writer: SourceWriter,
  compile: CompileContext,
): Operand {
  const generate = (): Operand => generateNode(node, writer, compile)
  return cannotFail(node) ? generate() : guardedBlock(generate, writer)
}

function guardedBlock(generate: () => Operand, writer: SourceWriter): Operand {
  const result = writer.fresh()
  const error = writer.fresh()
  writer.line(`let ${result} = null;`)
  writer.line('try {')
  writer.line(`${result} = ${generate().text};`)
  writer.line(`} catch (${error}) {`)
  writer.line(`context.report(${error});`)
  writer.line('}')
  return { text: result, nullable: true }
}

const pseudoColumns: Readonly<Record<PseudoColumn, string>> = {
  ROWTIME: 'context.rowtime',
  ROWPARTITION: 'context.partition',
  ROWOFFSET: 'context.offset',
  WINDOWSTART: 'context.windowStart',
  WINDOWEND: 'context.windowEnd',
}

function generateLiteral(node: LiteralExpression, writer: SourceWriter): Operand {
  const value = decodeLiteral(node.type, node.value)
  if (value === null) return { text: 'null', nullable: true }
  if (value === true) return { text: 'true', nullable: false }
  if (value === false) return { text: 'false', nullable: false }
  const text =
    node.type?.kind === 'INTEGER' && typeof value === 'number' && Number.isSafeInteger(value)
      ? writer.integer(value)
      : writer.constant(value)
  return { text, nullable: false }
}

function generateConversion(
  node: Extract<TypedExpression, { kind: 'cast' | 'convert' }>,
  generate: (node: TypedExpression) => Operand,
  writer: SourceWriter,
): Operand {
  const cast = castFunction(node.operand.type!, node.type)
  if (cast === undefined) throw new AssertionError(castRefusal(node.operand.type!, node.type))
  const a = generate(node.operand)
  if (isPlainWidening(node)) {
    if (node.operand.type?.kind === 'INTEGER') return a
    return writer.define(
      a.nullable ? `${a.text} === null ? null : Number(${a.text})` : `Number(${a.text})`,
      a.nullable,
    )
  }
  const call = `${writer.constant(cast)}(${a.text})`
  return writer.define(a.nullable ? `${a.text} === null ? null : ${call}` : call, true)
}
