import { UnsupportedError } from '@varve/base'
import { SqlTypes, type Value } from '@varve/serde'

import { formatSignature } from '../../functions/resolve-overload.ts'
import type { ScalarOverload } from '../../functions/function.ts'
import type { TypedExpression } from '../typed-expression.ts'
import { guard, type CompileChild, type CompileContext, type Evaluate } from './context.ts'

type Call = Extract<TypedExpression, { kind: 'call' }>
type Lambda = Extract<TypedExpression, { kind: 'lambda' }>

/** A call of a library function. Arguments that are calls or fields are guarded. @throws UnsupportedError for an unknown function */
export function compileCall(node: Call, child: CompileChild, compile: CompileContext): Evaluate {
  const { invoke, seesNulls } = bindCall(node, compile)
  const args = node.arguments.map((argument) => compileArgument(argument, child, compile))
  return seesNulls ? callWithNulls(invoke, args) : callWithoutNulls(invoke, args)
}

/** The function that a call means, bound to its types. @throws UnsupportedError for an unknown one */
export function bindCall(
  node: Call,
  compile: CompileContext,
): { readonly invoke: Invoke; readonly seesNulls: boolean } {
  const overload = findOverload(node, compile)
  return { invoke: bindOverload(node, overload, compile), seesNulls: overload.nulls === 'call' }
}

function findOverload(node: Call, { functions }: CompileContext): ScalarOverload {
  const definition = functions.scalar(node.name) ?? functions.table(node.name)
  const overload = definition?.overloads.find(
    (candidate) => formatSignature(node.name, candidate) === node.signature,
  )
  if (overload === undefined) throw new UnsupportedError(`function ${node.signature}`)
  return overload
}

/** A library function on values. */
type Invoke = (...args: readonly Value[]) => Value

function bindOverload(node: Call, overload: ScalarOverload, compile: CompileContext): Invoke {
  const bound =
    overload.bind?.({
      argumentTypes: node.arguments.map((argument) => argument.type ?? SqlTypes.STRING),
      returnType: node.type,
      environment: compile.environment,
    }) ?? overload.evaluate
  if (bound === undefined) throw new UnsupportedError(`function ${node.signature} without code`)
  return bound as Invoke
}

function compileArgument(
  argument: TypedExpression,
  child: CompileChild,
  compile: CompileContext,
): Evaluate {
  switch (argument.kind) {
    case 'lambda':
      return compileLambda(argument, child, compile)
    case 'unit': {
      const { unit } = argument
      return () => unit
    }
    case 'call':
    case 'field':
      return guard(child(argument))
    default:
      return child(argument)
  }
}

/** A lambda argument is a JavaScript function that puts its parameters into the frame. */
function compileLambda(node: Lambda, child: CompileChild, { frame }: CompileContext): Evaluate {
  const body = child(node.body)
  const slots = node.parameters.map((parameter) => parameter.slot)
  return (key, value, context) => {
    const call = (...args: readonly Value[]): Value => {
      for (let i = 0; i < slots.length; i++) frame[slots[i]!] = args[i] ?? null
      return body(key, value, context)
    }
    // Functions of the library that take lambdas are typed for it; no value of a row is ever a function.
    return call as unknown as Value
  }
}

function callWithoutNulls(invoke: Invoke, args: readonly Evaluate[]): Evaluate {
  const [first, second] = args
  if (args.length === 1) {
    return (key, value, context) => {
      const a = first!(key, value, context)
      return a === null ? null : invoke(a)
    }
  }
  if (args.length === 2) {
    return (key, value, context) => {
      const a = first!(key, value, context)
      const b = second!(key, value, context)
      return a === null || b === null ? null : invoke(a, b)
    }
  }
  return (key, value, context) => {
    const values: Value[] = []
    for (const arg of args) values.push(arg(key, value, context))
    return values.includes(null) ? null : invoke(...values)
  }
}

function callWithNulls(invoke: Invoke, args: readonly Evaluate[]): Evaluate {
  return (key, value, context) => {
    const values: Value[] = []
    for (const arg of args) values.push(arg(key, value, context))
    return invoke(...values)
  }
}
