import type { FunctionRegistry, LibraryFunction, ParameterDoc } from '@varve/sql'

import { EngineError } from '../engine/engine-error.ts'
import type { DescribeFunctionEntity } from '../result/entities.ts'

/** What DESCRIBE FUNCTION tells of a function: all its signatures. */
export function describeFunction(
  name: string,
  functions: FunctionRegistry,
): Omit<DescribeFunctionEntity, 'statementText' | 'warnings'> {
  const definition = functions.scalar(name) ?? functions.aggregate(name) ?? functions.table(name)
  if (definition === undefined) {
    throw new EngineError('statement', `Can't find any functions with the name '${name}'`)
  }
  return {
    '@type': 'describe_function',
    name: definition.name,
    description: definition.description,
    author: '',
    version: '',
    path: 'internal',
    type: kinds[definition.kind],
    functions: definition.overloads.map((overload) => ({
      arguments: overload.parameters.map(describeParameter),
      returnType:
        'returns' in overload && typeof overload.returns === 'string' ? overload.returns : '',
      description: overload.description ?? '',
    })),
  }
}

const kinds: Readonly<Record<LibraryFunction['kind'], DescribeFunctionEntity['type']>> = {
  scalar: 'SCALAR',
  aggregate: 'AGGREGATE',
  table: 'TABLE',
}

function describeParameter(
  parameter: ParameterDoc,
): DescribeFunctionEntity['functions'][number]['arguments'][number] {
  return {
    name: parameter.name,
    type: parameter.type.replace(/\.\.\.$/, ''),
    description: parameter.description ?? '',
    isVariadic: parameter.type.endsWith('...'),
  }
}
