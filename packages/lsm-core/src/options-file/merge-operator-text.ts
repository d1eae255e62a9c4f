import { formatOptionStruct } from '@varve/manifest'

import { mergeOperatorNamed } from '../read/merge-operators.ts'
import { structOf } from './option-values.ts'

const TTL_OPERATOR = 'TtlMergeOperator'

/**
 * How RocksDB names a merge operator, given by the text of the option `mergeOperator`, or by the name of the user's own, which
 * RocksDB passes over when it has none of that name.
 */
export function mergeOperatorText(
  operator: string | undefined,
  hasTimes: boolean,
  userOperatorName?: string,
): string {
  const text = userOperatorName ?? plainText(operator)
  if (text === 'nullptr' || !hasTimes) return text
  return formatOptionStruct(
    new Map([
      ['id', TTL_OPERATOR],
      ['user_operator', text],
    ]),
  )
}

function plainText(operator: string | undefined): string {
  if (operator === undefined) return 'nullptr'
  if (operator === 'stringappend') return stringAppendText(',')
  if (!operator.startsWith('stringappend=')) return mergeOperatorNamed(operator).name
  return stringAppendText(operator.slice('stringappend='.length))
}

function stringAppendText(delimiter: string): string {
  return formatOptionStruct(
    new Map([
      ['id', 'StringAppendOperator'],
      ['delimiter', delimiter],
    ]),
  )
}

/**
 * The option `mergeOperator` of a value of `merge_operator`: undefined when there is none; null when it is one that is not
 * known here.
 */
export function mergeOperatorOfText(text: string | undefined): string | undefined | null {
  if (text === undefined || text === '' || text === 'nullptr') return undefined
  const struct = structOf(text)
  const id = struct.get('id') ?? text
  switch (id) {
    case 'UInt64AddOperator':
    case 'uint64add':
      return 'uint64add'
    case 'MaxOperator':
    case 'max':
      return 'max'
    case 'BytesXOR':
    case 'bytesxor':
      return 'bytesxor'
    case 'PutOperator':
    case 'put':
    case 'put_v1':
      return 'put'
    case 'StringAppendOperator':
    case 'stringappend':
    // The same, but that it never combines operands before they are read.
    case 'StringAppendTESTOperator':
    case 'stringappendtest': {
      const delimiter = struct.get('delimiter') ?? ','
      return delimiter === ',' ? 'stringappend' : `stringappend=${delimiter}`
    }
    case TTL_OPERATOR:
      return mergeOperatorOfText(struct.get('user_operator'))
    default:
      return null
  }
}
