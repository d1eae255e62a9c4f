import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { maxSequence, utf8Bytes, utf8Text, ValueType } from '@varve/base'

import { Memtable } from './index.ts'

/** Adds a value as a write batch does: key and value in one array, a length between them. */
function put(memtable: Memtable, sequence: number, key: string, value: string): void {
  const source = utf8Bytes(`..${key}.${value}`)
  memtable.put(sequence, source, 2, 2 + key.length, 3 + key.length, source.length)
}

function read(memtable: Memtable, key: string, snapshot: number = maxSequence): string {
  const entry = memtable.find(utf8Bytes(key), snapshot)
  if (entry === 0) return 'none'
  return memtable.entryType(entry) === ValueType.Deletion
    ? 'deleted'
    : utf8Text(memtable.copyValue(entry))
}

/** A memtable with an index of its keys: `count` entries of other keys are in it. */
function indexed(count: number = 256): Memtable {
  const memtable = new Memtable({ expectsLookups: true })
  for (let i = 1; i <= count; i++)
    memtable.add(i, ValueType.Value, utf8Bytes(`filler ${i}`), utf8Bytes('x'))
  return memtable
}

describe('a value of a key that nobody sees any more', () => {
  it('is written over by one of the same length', () => {
    const memtable = indexed()
    memtable.viewedTo = 256
    put(memtable, 257, 'key', 'one')
    const { entryCount, approximateMemoryBytes } = memtable
    expect(memtable.overwrittenTo).toBe(0)
    for (let sequence = 258; sequence < 400; sequence++)
      put(memtable, sequence, 'key', `${sequence}`)
    expect(read(memtable, 'key')).toBe('399')
    expect(read(memtable, 'key', 398)).toBe('none')
    expect(memtable).toMatchObject({ entryCount, approximateMemoryBytes, overwrittenTo: 399 })
    expect(memtable.largestSequence).toBe(399)
  })

  it.each([
    ['has another length', 'longer', 256],
    ['may be seen', 'two', 257],
  ])('stays when the new one %s', (_, value, viewedTo) => {
    const memtable = indexed()
    memtable.viewedTo = 256
    put(memtable, 257, 'key', 'one')
    memtable.viewedTo = viewedTo
    put(memtable, 258, 'key', value)
    expect(read(memtable, 'key')).toBe(value)
    expect(read(memtable, 'key', 257)).toBe('one')
    expect(memtable.overwrittenTo).toBe(0)
  })

  it('is asked for by how often it can be done', () => {
    const memtable = indexed()
    memtable.viewedTo = 256
    expect(memtable.overwrites).toBe(false)
    let sequence = 256
    for (let i = 0; i < 512; i++)
      memtable.add(++sequence, ValueType.Value, utf8Bytes(`k${i % 64}`), utf8Bytes('v'))
    expect(memtable.overwrites).toBe(true)
    for (let i = 0; i < 512; i++) put(memtable, ++sequence, `fresh ${i}`, 'v')
    expect(memtable.overwrites).toBe(false)
  })

  it('is told to the observer as any other', () => {
    const told: string[] = []
    const memtable = new Memtable({
      expectsLookups: true,
      observer: {
        added: (_type, bytes, keyStart, keyEnd, valueStart, valueEnd) =>
          told.push(
            `${utf8Text(bytes.slice(keyStart, keyEnd))}=${utf8Text(bytes.slice(valueStart, valueEnd))}`,
          ),
        forget: () => told.push('all'),
      },
    })
    memtable.viewedTo = 0
    for (let i = 1; i <= 260; i++) put(memtable, i, `k${i % 130}`, `${i % 10}`)
    put(memtable, 261, 'k7', 'z')
    expect(memtable.overwrittenTo).toBe(261)
    expect(told.at(-1)).toBe('k7=z')
    expect(told).toHaveLength(261)
  })
})

const change = fc.record({
  key: fc.constantFrom('a', 'ab', 'b', 'long key of more than eight bytes'),
  kind: fc.constantFrom('put', 'put', 'put', 'put', 'delete', 'merge', 'view'),
  value: fc.constantFrom('1', '2', '3', '22', '33'),
})

test.prop([fc.array(change, { maxLength: 120 })])(
  'whatever is written over, every view that was announced reads as before',
  (changes) => {
    const memtable = indexed()
    let sequence = 256
    memtable.viewedTo = sequence
    const present = new Map<string, string>()
    const views: { readonly sequence: number; readonly state: ReadonlyMap<string, string> }[] = []
    for (const { key, kind, value } of changes) {
      if (kind === 'view') {
        memtable.viewedTo = sequence
        views.push({ sequence, state: new Map(present) })
        continue
      }
      sequence++
      if (kind === 'put') put(memtable, sequence, key, value)
      else if (kind === 'delete') memtable.add(sequence, ValueType.Deletion, utf8Bytes(key))
      else memtable.add(sequence, ValueType.Merge, utf8Bytes(key), utf8Bytes(value))
      present.set(key, kind === 'delete' ? 'deleted' : value)
    }
    for (const view of [...views, { sequence: maxSequence, state: present }]) {
      for (const key of ['a', 'ab', 'b', 'long key of more than eight bytes'])
        expect(read(memtable, key, view.sequence)).toBe(view.state.get(key) ?? 'none')
    }
  },
)
