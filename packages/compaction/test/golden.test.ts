import { fileURLToPath } from 'node:url'

import {
  bytewiseComparator,
  encodeInternalKey,
  InternalKeyComparator,
  sequenceOf,
  userKeyOf,
  utf8Bytes,
  utf8Text,
  ValueType,
  valueTypeOf,
} from '@varve/base'
import { describeGolden, type GoldenCase } from '@varve/internal-golden'
import { Version, type FileMetadata } from '@varve/manifest'
import { FragmentedRangeTombstones, type RangeTombstone } from '@varve/sst-format'

import {
  CompactionIterator,
  LeveledCompactionPicker,
  type Compaction,
  type MergeOperator,
  type PickInput,
} from '../src/index.ts'
import { ArrayIterator, type ArrayEntry } from './array-iterator.ts'

const typeNames: Readonly<Record<string, number>> = {
  SET: ValueType.Value,
  DEL: ValueType.Deletion,
  SINGLEDEL: ValueType.SingleDeletion,
  MERGE: ValueType.Merge,
}

const concatenate: MergeOperator = {
  name: 'Concatenate',
  fullMerge: (_key, base, operands) =>
    utf8Bytes([...(base === undefined ? [] : [base]), ...operands].map(utf8Text).join('')),
}

function parseEntry(text: string): ArrayEntry {
  const match = /^(\w+)#(\d+),(\w+)(?:=(\w*))?$/.exec(text)
  if (match === null) throw new Error(`not an entry: ${text}`)
  const [, key, sequence, type, value] = match
  return {
    key: encodeInternalKey(utf8Bytes(key!), Number(sequence), typeNames[type!]!),
    value: utf8Bytes(value ?? ''),
  }
}

function parseTombstone(text: string): RangeTombstone {
  const [, start, end, sequence] = /^\+(\w+)-(\w+)#(\d+)$/.exec(text)!
  return { start: utf8Bytes(start!), end: utf8Bytes(end!), sequence: Number(sequence) }
}

function formatEntry(key: Uint8Array, value: Uint8Array): string {
  const type = Object.keys(typeNames).find((name) => typeNames[name] === valueTypeOf(key))
  const shown = value.length > 0 ? `=${utf8Text(value)}` : ''
  return `${utf8Text(userKeyOf(key))}#${sequenceOf(key)},${type}${shown}`
}

function list(goldenCase: GoldenCase, name: string): string[] {
  return goldenCase.args.get(name)?.split(',') ?? []
}

function runIterator(goldenCase: GoldenCase): string {
  const words = goldenCase.input.split(/\s+/)
  const tombstones = words.filter((word) => word.startsWith('+')).map(parseTombstone)
  const entries = words.filter((word) => !word.startsWith('+')).map(parseEntry)
  const below = new Set(list(goldenCase, 'below'))
  const bottommost = goldenCase.args.has('bottommost')
  const iterator = new CompactionIterator(
    new ArrayIterator(entries, new InternalKeyComparator(bytewiseComparator)),
    {
      snapshots: list(goldenCase, 'snapshots').map(Number),
      rangeTombstones: new FragmentedRangeTombstones(tombstones, bytewiseComparator),
      bottommost,
      keyNotBelow: (key) => bottommost || (below.size > 0 && !below.has(utf8Text(key))),
      mergeOperator: goldenCase.directive === 'merge' ? concatenate : undefined,
    },
  )
  const out: string[] = []
  for (iterator.seekToFirst(); iterator.valid; iterator.next()) {
    out.push(formatEntry(iterator.key, iterator.value))
  }
  return out.length === 0 ? 'nothing' : out.join(' ')
}

function parseVersion(input: string): PickInput {
  const levels: FileMetadata[][] = Array.from({ length: 7 }, () => [])
  const filesInCompaction = new Set<number>()
  for (const line of input.split('\n')) {
    const [, level, rest] = /^L(\d): (.*)$/.exec(line)!
    const tables = rest!.split(' ')
    tables.forEach((text, i) => {
      const [, number, smallest, largest, size, busy] = /^(\d+):(\w+)-(\w+)\/(\d+)(\*?)$/.exec(
        text,
      )!
      const sequence = level === '0' ? 1000 - i : 10
      // The table before holds the newer versions of a key that two tables share.
      const at = (key: string): Uint8Array =>
        encodeInternalKey(utf8Bytes(key), sequence - (level === '0' ? 0 : i), ValueType.Value)
      levels[Number(level)]!.push({
        number: Number(number),
        fileSizeBytes: Number(size),
        smallest: at(smallest!),
        largest: at(largest!),
        smallestSequence: sequence,
        largestSequence: sequence,
      })
      if (busy === '*') filesInCompaction.add(Number(number))
    })
  }
  return { version: new Version(bytewiseComparator, levels), filesInCompaction }
}

function formatCompaction(compaction: Compaction | 'busy' | undefined): string {
  if (compaction === undefined) return 'nothing'
  if (compaction === 'busy') return 'busy'
  const inputs = compaction.inputs
    .map(({ level, files }) => `L${level}: ${files.map(({ number }) => number).join(' ')}`)
    .join(' + ')
  const words = [
    ...(compaction.trivialMove ? ['move'] : []),
    ...(compaction.bottommost ? ['bottommost'] : []),
    `(${compaction.reason})`,
  ]
  return `${inputs} -> L${compaction.outputLevel} ${words.join(' ')}`
}

function runPicker(goldenCase: GoldenCase): string {
  const { args } = goldenCase
  const number = (name: string): number | undefined =>
    args.has(name) ? Number(args.get(name)) : undefined
  const trigger = number('trigger')
  const base = number('base')
  const picker = new LeveledCompactionPicker({
    dynamicLevelBytes: args.get('dynamic') !== 'no',
    ...(trigger === undefined ? {} : { level0FileNumCompactionTrigger: trigger }),
    ...(base === undefined ? {} : { maxBytesForLevelBase: base }),
  })
  const input = parseVersion(goldenCase.input)
  if (goldenCase.directive === 'scores') {
    return picker
      .scores(input)
      .filter(({ score }) => score > 0)
      .map(({ level, score }) => `L${level}: ${score.toFixed(2)}`)
      .join('\n')
  }
  if (goldenCase.directive === 'pick') return formatCompaction(picker.pick(input))
  const begin = args.get('begin')
  const end = args.get('end')
  const range = {
    ...(begin === undefined ? {} : { begin: utf8Bytes(begin) }),
    ...(end === undefined ? {} : { end: utf8Bytes(end) }),
  }
  return formatCompaction(picker.pickRange(input, number('level')!, range))
}

const testdata = fileURLToPath(new URL('../testdata', import.meta.url))
describeGolden(`${testdata}/iterator`, () => runIterator)
describeGolden(`${testdata}/picker`, () => runPicker)
