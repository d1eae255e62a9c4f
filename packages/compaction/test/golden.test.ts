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
  FifoCompactionPicker,
  filesWithinRanges,
  LeveledCompactionPicker,
  splitCompaction,
  UniversalCompactionPicker,
  type Compaction,
  type CompactionFilter,
  type CompactionPicker,
  type CompactionPriority,
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

/** `remove=` and `change=` name keys, or values of merge operands. */
function filterOf(goldenCase: GoldenCase): CompactionFilter | undefined {
  const removed = list(goldenCase, 'remove')
  const changed = list(goldenCase, 'change')
  if (removed.length + changed.length === 0) return undefined
  return {
    name: 'golden',
    filter(level, key, value, type) {
      if (level !== 3) throw new Error(`filter is told level ${level}`)
      const name = utf8Text(type === 'value' ? key : value)
      if (removed.includes(name)) return 'remove'
      return changed.includes(name) ? { changeValue: utf8Bytes(`new${utf8Text(value)}`) } : 'keep'
    },
  }
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
      filter: filterOf(goldenCase),
      startLevel: 3,
    },
  )
  const out: string[] = []
  for (iterator.seekToFirst(); iterator.valid; iterator.next()) {
    out.push(formatEntry(iterator.key, iterator.value))
  }
  return out.length === 0 ? 'nothing' : out.join(' ')
}

function parseVersion(input: string, levelCount: number): PickInput {
  const levels: FileMetadata[][] = Array.from({ length: levelCount }, () => [])
  const filesInCompaction = new Set<number>()
  for (const line of input.split('\n')) {
    const [, level, rest] = /^L(\d): (.*)$/.exec(line)!
    const tables = rest!.split(' ')
    tables.forEach((text, i) => {
      const [, number, smallest, largest, size, time, marks] =
        /^(\d+):(\w+)-(\w+)\/(\d+)(?:@(\d+))?([*!d]*)$/.exec(text)!
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
        ...(time === undefined
          ? {}
          : { oldestAncestorTimeS: Number(time), fileCreationTimeS: Number(time) }),
        ...(marks!.includes('!') ? { markedForCompaction: true } : {}),
        ...(marks!.includes('d') ? { entries: 10, deletions: 10 } : {}),
      })
      if (marks!.includes('*')) filesInCompaction.add(Number(number))
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
    ...(compaction.kind === 'rewrite' ? [] : [compaction.kind]),
    ...(compaction.bottommost ? ['bottommost'] : []),
    `(${compaction.reason})`,
  ]
  return `${inputs} -> L${compaction.outputLevel} ${words.join(' ')}`
}

function pickerOf({ args }: GoldenCase): CompactionPicker {
  const number = (name: string): number | undefined =>
    args.has(name) ? Number(args.get(name)) : undefined
  const options = (...names: [argument: string, option: string][]): Record<string, number> =>
    Object.fromEntries(
      names.flatMap(([argument, option]) => {
        const value = number(argument)
        return value === undefined ? [] : [[option, value]]
      }),
    )
  const common = options(
    ['trigger', 'level0FileNumCompactionTrigger'],
    ['file', 'targetFileSizeBaseBytes'],
    ['max-compaction', 'maxCompactionBytes'],
    ['ttl', 'ttl'],
  )
  switch (args.get('style') ?? 'level') {
    case 'universal':
      return new UniversalCompactionPicker({
        ...common,
        ...options(
          ['ratio', 'sizeRatio'],
          ['min-width', 'minMergeWidth'],
          ['max-width', 'maxMergeWidth'],
          ['amplification', 'maxSizeAmplificationPercent'],
          ['period', 'periodicCompactionSeconds'],
        ),
        stopStyle: args.has('similar') ? 'similarSize' : 'totalSize',
        allowTrivialMove: args.has('move'),
      })
    case 'fifo':
      return new FifoCompactionPicker({
        ...common,
        ...options(['max', 'maxTableFilesSize'], ['buffer', 'writeBufferSizeBytes']),
        allowCompaction: args.has('merge'),
      })
    default:
      return new LeveledCompactionPicker({
        ...common,
        ...options(
          ['base', 'maxBytesForLevelBase'],
          ['multiplier', 'maxBytesForLevelMultiplier'],
          ['period', 'periodicCompactionSeconds'],
        ),
        dynamicLevelBytes: args.get('dynamic') !== 'no',
        ...(args.has('pri') ? { compactionPri: args.get('pri') as CompactionPriority } : {}),
      })
  }
}

function runPicker(goldenCase: GoldenCase): string {
  const { args } = goldenCase
  const number = (name: string): number | undefined =>
    args.has(name) ? Number(args.get(name)) : undefined
  const picker = pickerOf(goldenCase)
  const nowS = number('now')
  const earliestMemtableSequence = number('memtable')
  const oldestSnapshot = number('snapshot')
  const cursor = args.get('cursor')
  const input: PickInput = {
    ...parseVersion(goldenCase.input, number('levels') ?? 7),
    ...(nowS === undefined ? {} : { nowS }),
    ...(earliestMemtableSequence === undefined ? {} : { earliestMemtableSequence }),
    ...(oldestSnapshot === undefined ? {} : { oldestSnapshot }),
    ...(cursor === undefined
      ? {}
      : { compactCursors: new Map([[1, encodeInternalKey(utf8Bytes(cursor), 1, 1)]]) }),
  }
  const begin = args.get('begin')
  const end = args.get('end')
  const range = {
    ...(begin === undefined ? {} : { begin: utf8Bytes(begin) }),
    ...(end === undefined ? {} : { end: utf8Bytes(end) }),
  }
  switch (goldenCase.directive) {
    case 'scores':
      return picker
        .scores(input)
        .filter(({ score }) => score > 0)
        .map(({ level, score }) => `L${level}: ${score.toFixed(2)}`)
        .join('\n')
    case 'pick':
      return formatCompaction(picker.pick(input))
    case 'pending':
      return String(picker.pendingCompactionBytes(input.version))
    case 'files':
      return formatCompaction(
        picker.pickFiles(input, list(goldenCase, 'numbers').map(Number), number('output')!),
      )
    case 'within':
      return (
        filesWithinRanges(input.version, [range], input.filesInCompaction)
          .map(({ level, file }) => `L${level}: ${file.number}`)
          .join(' ') || 'nothing'
      )
    case 'split': {
      const compaction = picker.pick(input)!
      return splitCompaction(compaction, bytewiseComparator, number('parts')!)
        .map(
          (part) =>
            `[${part.begin ? utf8Text(part.begin) : ''}-${part.end ? utf8Text(part.end) : ''})`,
        )
        .join(' ')
    }
    default: {
      const level = number('level')!
      return formatCompaction(
        picker.pickManual(input, {
          range,
          level,
          outputLevel: args.has('output') ? number('output')! : level === 6 ? 6 : 'base',
          forbidsMove: args.has('rewrite'),
          ...(args.has('before') ? { beforeFileNumber: number('before')! } : {}),
        }),
      )
    }
  }
}

const testdata = fileURLToPath(new URL('../testdata', import.meta.url))
describeGolden(`${testdata}/iterator`, () => runIterator)
describeGolden(`${testdata}/picker`, () => runPicker)
