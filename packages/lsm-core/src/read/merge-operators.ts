import {
  compareBytes,
  concatBytes,
  emptyBytes,
  InvalidOptionError,
  readFixed64Big,
  utf8Bytes,
  writeFixed64Big,
} from '@varve/base'
import type { MergeOperator } from '@varve/compaction'

/** An operator of which operands and values are the same kind of thing, so that any neighbours can be combined first. */
function associative(
  name: string,
  combine: (values: readonly Uint8Array[]) => Uint8Array,
): MergeOperator {
  return {
    name,
    fullMerge: (_key, base, operands) =>
      combine(base === undefined ? operands : [base, ...operands]),
    partialMerge: (_key, operands) => combine(operands),
  }
}

/** Adds fixed64 numbers modulo 2^64; a base or operand of another size counts as 0. */
const uint64Add = associative('UInt64AddOperator', (numbers) => {
  let total = 0n
  for (const number of numbers) if (number.length === 8) total += readFixed64Big(number, 0)
  const result = new Uint8Array(8)
  writeFixed64Big(result, 0, BigInt.asUintN(64, total))
  return result
})

/** The greatest value in the order of bytes. */
const max = associative(
  'MaxOperator',
  (values) =>
    new Uint8Array(values.reduce((a, b) => (compareBytes(a, b) >= 0 ? a : b), emptyBytes)),
)

/** Exclusive or, byte by byte; a shorter value counts as filled up with zeros. */
const bytesXor = associative('BytesXOR', (values) => {
  const result = new Uint8Array(Math.max(0, ...values.map((value) => value.length)))
  for (const value of values)
    for (let i = 0; i < value.length; i++) result[i] = result[i]! ^ value[i]!
  return result
})

/** The newest value. */
const put = associative('PutOperator', (values) => new Uint8Array(values.at(-1) ?? emptyBytes))

/** Joins base and operands with a delimiter. */
function stringAppend(delimiterText: string): MergeOperator {
  const delimiter = utf8Bytes(delimiterText)
  return associative('StringAppendOperator', (parts) =>
    concatBytes(...parts.flatMap((part, i) => (i === 0 ? [part] : [delimiter, part]))),
  )
}

/** The same result, and operands stay apart until there is a base. */
function stringAppendTest(delimiterText: string): MergeOperator {
  const { fullMerge } = stringAppend(delimiterText)
  return { name: 'StringAppendTESTOperator', fullMerge }
}

const plain: ReadonlyMap<string, MergeOperator> = new Map([
  ['uint64add', uint64Add],
  ['max', max],
  ['bytesxor', bytesXor],
  ['put', put],
  ['stringappend', stringAppend(',')],
  ['stringappendtest', stringAppendTest(',')],
])

/**
 * The merge operator of an option's text: `uint64add`, `max`, `bytesxor`, `put`, `stringappend` (delimiter `,`),
 * `stringappend=<delimiter>`, `stringappendtest`.
 *
 * @throws InvalidOptionError for other texts
 */
export function mergeOperatorNamed(text: string): MergeOperator {
  const known = plain.get(text)
  if (known !== undefined) return known
  if (text.startsWith('stringappend=')) return stringAppend(text.slice('stringappend='.length))
  throw new InvalidOptionError('mergeOperator', `"${text}" is not known`)
}
