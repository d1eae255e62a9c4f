import {
  concatBytes,
  emptyBytes,
  InvalidOptionError,
  readFixed64Big,
  utf8Bytes,
  writeFixed64Big,
} from '@varve/base'
import type { MergeOperator } from '@varve/compaction'

/** Adds fixed64 numbers modulo 2^64; a base or operand of another size counts as 0. */
const uint64Add: MergeOperator = {
  name: 'UInt64AddOperator',
  fullMerge: (_key, base, operands) => sum(base === undefined ? operands : [base, ...operands]),
  partialMerge: (_key, operands) => sum(operands),
}

function sum(numbers: readonly Uint8Array[]): Uint8Array {
  let total = 0n
  for (const number of numbers) if (number.length === 8) total += readFixed64Big(number, 0)
  const result = new Uint8Array(8)
  writeFixed64Big(result, 0, total)
  return result
}

/** Joins base and operands with a delimiter. */
function stringAppend(delimiterText: string): MergeOperator {
  const delimiter = utf8Bytes(delimiterText)
  const join = (parts: readonly Uint8Array[]): Uint8Array =>
    concatBytes(...parts.flatMap((part, i) => (i === 0 ? [part] : [delimiter, part])))
  return {
    name: 'StringAppendOperator',
    fullMerge: (_key, base, operands) => join(base === undefined ? operands : [base, ...operands]),
    partialMerge: (_key, operands) => (operands.length === 0 ? emptyBytes : join(operands)),
  }
}

/**
 * The merge operator of an option's text: `uint64add`, `stringappend` (delimiter `,`) or `stringappend=<delimiter>`.
 *
 * @throws InvalidOptionError for other texts
 */
export function mergeOperatorNamed(text: string): MergeOperator {
  if (text === 'uint64add') return uint64Add
  if (text === 'stringappend') return stringAppend(',')
  if (text.startsWith('stringappend=')) return stringAppend(text.slice('stringappend='.length))
  throw new InvalidOptionError('mergeOperator', `"${text}" is not known`)
}
