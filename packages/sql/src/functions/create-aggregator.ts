import { UnsupportedError } from '@varve/base'

import { decodeLiteral } from '../expression/literal.ts'
import type { AggregateCall } from '../plan/physical-plan.ts'
import type { Aggregator } from './function.ts'
import type { FunctionRegistry } from './registry.ts'
import { formatSignature } from './resolve-overload.ts'

/** The functions of an aggregate call of a plan. @throws UnsupportedError when the registry has no such function or overload */
export function createAggregator(call: AggregateCall, functions: FunctionRegistry): Aggregator {
  const overload = functions
    .aggregate(call.function)
    ?.overloads.find((candidate) => formatSignature(call.function, candidate) === call.signature)
  if (overload === undefined) throw new UnsupportedError(`aggregate function ${call.signature}`)
  return overload.create(
    call.argumentTypes,
    call.constants.map((constant) => decodeLiteral(constant.type, constant.value)),
    call.settings ?? {},
  )
}
