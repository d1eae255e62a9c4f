import { AssertionError } from '@varve/base'
import type { Value } from '@varve/serde'

import { castFunction, castRefusal } from '../cast/cast.ts'
import { decodeLiteral } from '../literal.ts'
import type { PseudoColumn, TypedExpression } from '../typed-expression.ts'
import { compileArithmetic, compileNegate } from './compile-arithmetic.ts'
import { compileCall } from './compile-call.ts'
import {
  compileArray,
  compileCase,
  compileField,
  compileMap,
  compileStruct,
  compileSubscript,
} from './compile-collection.ts'
import {
  compileComparison,
  compileIn,
  compileIsNull,
  compileLike,
  compileLogical,
  compileNot,
} from './compile-comparison.ts'
import { guard, type CompileContext, type Evaluate } from './context.ts'

/** Compiles any node. The switch is the seam where another back end (generated code) would be chosen. */
export function compileNode(node: TypedExpression, compile: CompileContext): Evaluate {
  const child = (inner: TypedExpression): Evaluate => compileNode(inner, compile)
  switch (node.kind) {
    case 'literal': {
      const constant = decodeLiteral(node.type, node.value)
      return () => constant
    }
    case 'column':
      return compileColumn(node.side, node.index)
    case 'pseudo':
      return pseudoColumns[node.column]
    case 'headers':
      return compileHeaders(node.headerKey)
    case 'variable': {
      const { frame } = compile
      const { slot } = node
      return () => frame[slot] ?? null
    }
    case 'arithmetic':
      return compileArithmetic(node, child)
    case 'negate':
      return compileNegate(node, child)
    case 'comparison':
      return compileComparison(node, child)
    case 'logical':
      return compileLogical(node, child)
    case 'not':
      return compileNot(node, child)
    case 'isNull':
      return compileIsNull(node, child)
    case 'in':
      return compileIn(node, child)
    case 'like':
      return compileLike(node, child)
    case 'case':
      return compileCase(node, child)
    case 'cast':
      return guard(compileConversion(node, compile))
    case 'convert':
      return compileConversion(node, compile)
    case 'call':
      return compileCall(node, child, compile)
    case 'subscript':
      return compileSubscript(node, child)
    case 'field':
      return compileField(node, child)
    case 'array':
      return compileArray(node, child)
    case 'map':
      return compileMap(node, child)
    case 'struct':
      return compileStruct(node, child)
    case 'lambda':
    case 'unit':
      throw new AssertionError(`a ${node.kind} stands only as an argument`)
  }
}

function compileColumn(side: 'key' | 'value', index: number): Evaluate {
  return side === 'key'
    ? (key) => (key === null ? null : (key[index] ?? null))
    : (_key, value) => (value === null ? null : (value[index] ?? null))
}

const pseudoColumns: Readonly<Record<PseudoColumn, Evaluate>> = {
  ROWTIME: (_key, _value, context) => context.rowtime,
  ROWPARTITION: (_key, _value, context) => context.partition,
  ROWOFFSET: (_key, _value, context) => context.offset,
  WINDOWSTART: (_key, _value, context) => context.windowStart,
  WINDOWEND: (_key, _value, context) => context.windowEnd,
}

/** All headers, or the last of a key. */
export function compileHeaders(headerKey: string | undefined): Evaluate {
  if (headerKey === undefined) {
    return (_key, _value, context) =>
      context.headers.map((header): Value => [header.key, copyOf(header.value)])
  }
  return (_key, _value, context) => {
    const header = context.headers.findLast((candidate) => candidate.key === headerKey)
    return header === undefined ? null : copyOf(header.value)
  }
}

/** Headers are borrowed from the record, rows own their bytes. */
function copyOf(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : new Uint8Array(bytes)
}

function compileConversion(
  node: Extract<TypedExpression, { kind: 'cast' | 'convert' }>,
  compile: CompileContext,
): Evaluate {
  const operand = compileNode(node.operand, compile)
  const cast = castFunction(node.operand.type!, node.type)
  if (cast === undefined) throw new AssertionError(castRefusal(node.operand.type!, node.type))
  return (key, value, context) => {
    const a = operand(key, value, context)
    return a === null ? null : cast(a)
  }
}
