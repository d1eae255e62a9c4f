import { fc, test } from '@fast-check/vitest'
import {
  CorruptionError,
  formatHex,
  parseHex,
  UnsupportedError,
  utf8Bytes,
  utf8Text,
} from '@varve/base'
import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, it } from 'vitest'

import {
  iterateWriteBatch,
  LogReader,
  LogWriter,
  readWriteBatches,
  recordStart,
  WriteBatch,
  WriteBatchCursor,
} from '../index.ts'

function show(batch: WriteBatch): string[] {
  const seen: string[] = []
  batch.iterate({
    put: (cf, key, value) => seen.push(`put ${cf} ${utf8Text(key)}=${utf8Text(value)}`),
    delete: (cf, key) => seen.push(`delete ${cf} ${utf8Text(key)}`),
    singleDelete: (cf, key) => seen.push(`singleDelete ${cf} ${utf8Text(key)}`),
    merge: (cf, key, operand) => seen.push(`merge ${cf} ${utf8Text(key)}+${utf8Text(operand)}`),
    deleteRange: (cf, begin, end) =>
      seen.push(`deleteRange ${cf} ${utf8Text(begin)}..${utf8Text(end)}`),
    logData: (blob) => seen.push(`log ${utf8Text(blob)}`),
    other: (type) => seen.push(`type ${type}`),
  })
  return seen
}

describe('WriteBatch', () => {
  test.prop([
    fc.array(fc.record({ clear: fc.boolean(), length: fc.constantFrom(0, 1, 1, 1, 40, 300) }), {
      maxLength: 60,
    }),
  ])('shows its present bytes, however often it was used before', (steps) => {
    const batch = new WriteBatch(64)
    let entries: string[] = []
    for (const [i, { clear, length }] of steps.entries()) {
      if (clear) {
        batch.clear()
        entries = []
      }
      const value = String(i % 10).repeat(length)
      batch.put('k', value)
      entries.push(value)
      const fresh = new WriteBatch()
      for (const entry of entries) fresh.put('k', entry)
      expect(formatHex(batch.data)).toBe(formatHex(fresh.data))
      const end = recordStart + batch.sizeBytes
      expect(formatHex(batch.seal().subarray(recordStart, end))).toBe(formatHex(fresh.data))
      const cursor = new WriteBatchCursor(fresh.data).reset(batch.seal(), recordStart, end)
      const walked = []
      while (cursor.next()) walked.push(utf8Text(cursor.value))
      expect(walked).toEqual(entries)
    }
  })

  it('has the bytes of the format', () => {
    const cf = { id: 2 }
    const batch = new WriteBatch()
      .put('a', 'v')
      .put('b', 'w', { cf })
      .logData(utf8Bytes('n'))
      .delete('c')
      .delete('c', { cf })
      .singleDelete('d')
      .singleDelete('d', { cf })
      .merge('e', 'm')
      .merge('e', 'm', { cf })
      .deleteRange('f', 'g')
      .deleteRange('f', 'g', { cf })
    batch.sequence = 193
    expect(formatHex(batch.data)).toBe(
      'c100000000000000' +
        '0a000000' +
        '0101610176' +
        '050201620177' +
        '03016e' +
        '000163' +
        '04020163' +
        '070164' +
        '08020164' +
        '020165016d' +
        '06020165016d' +
        '0f01660167' +
        '0e0201660167',
    )
    expect(show(WriteBatch.from(batch.data))).toEqual([
      'put 0 a=v',
      'put 2 b=w',
      'log n',
      'delete 0 c',
      'delete 2 c',
      'singleDelete 0 d',
      'singleDelete 2 d',
      'merge 0 e+m',
      'merge 2 e+m',
      'deleteRange 0 f..g',
      'deleteRange 2 f..g',
    ])
    expect([...batch.columnFamilyIds]).toEqual([2])
    expect(batch.count).toBe(10)
  })

  test.prop([
    fc.array(
      fc.tuple(fc.nat(300), fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 })),
    ),
  ])('gives back what was put, through append and a copy', (entries) => {
    const first = new WriteBatch(1)
    const second = new WriteBatch(1)
    for (const [i, [id, key, value]] of entries.entries())
      (i % 2 === 0 ? first : second).putTo(id, key, value)
    const merged = WriteBatch.from(new WriteBatch().append(first).append(second).data)
    const seen: [number, string, string][] = []
    merged.iterate({ put: (id, key, value) => seen.push([id, formatHex(key), formatHex(value)]) })
    const expected = [
      ...entries.filter((_, i) => i % 2 === 0),
      ...entries.filter((_, i) => i % 2 === 1),
    ]
    expect(seen).toEqual(expected.map(([id, key, value]) => [id, formatHex(key), formatHex(value)]))
    expect(new Set(merged.columnFamilyIds)).toEqual(
      new Set(entries.map(([id]) => id).filter((id) => id !== 0)),
    )
  })

  it('goes back to save points and is reusable after clear', () => {
    const batch = new WriteBatch()
      .put('a', '1')
      .setSavePoint()
      .put('b', '2')
      .setSavePoint()
      .delete('a')
    expect(batch.rollbackToSavePoint().count).toBe(2)
    expect(show(batch.rollbackToSavePoint())).toEqual(['put 0 a=1'])
    expect(() => batch.rollbackToSavePoint()).toThrow('save point')
    expect(show(batch.clear().put('z', ''))).toEqual(['put 0 z='])
  })

  it('refuses a wrong count, an unknown tag, an early end and a missing header', () => {
    const malformed = [
      '000000000000000002000000' + '000161',
      '000000000000000001000000' + '7f0161',
      '000000000000000001000000' + '01016105',
      '0000000000000000',
    ]
    for (const hex of malformed) {
      expect(() => WriteBatch.from(parseHex(hex))).toThrow(CorruptionError)
      expect(() => iterateWriteBatch(parseHex(hex), {}, { file: '000001.log', offset: 7 })).toThrow(
        expect.objectContaining({ file: '000001.log' }),
      )
    }
  })

  it('shows marks of two-phase commit without counting them', () => {
    const cursor = new WriteBatchCursor(
      parseHex(
        '0200000000000000' +
          '02000000' +
          '09' +
          '0102613109636f6d6d6974746564' +
          '0005706c61696e' +
          '0a0a7869642d636f6d6d6974',
      ),
    )
    const seen: string[] = []
    while (cursor.next())
      seen.push(`${cursor.type}${cursor.counted ? '' : '-'} ${utf8Text(cursor.key)}`)
    expect(seen).toEqual(['9- ', '1 a1', '0 plain', '10- xid-commit'])
    expect([cursor.sequence, cursor.count]).toEqual([2, 2])
  })

  it('tells sequence numbers that no number holds from those that the format has not', () => {
    const sequence = (hex: string): number =>
      new WriteBatchCursor(parseHex(`${hex}00000000`)).sequence
    expect(sequence('ffffffffffff1f00')).toBe(Number.MAX_SAFE_INTEGER)
    expect(() => sequence('0000000000002000')).toThrow(UnsupportedError)
    expect(() => sequence('0000000000000001')).toThrow(CorruptionError)
  })
})

describe('readWriteBatches', () => {
  it('gives the batches of a log and closes it', async () => {
    const fs = new MemoryFileSystem()
    {
      await using log = await LogWriter.open(fs, '/000012.log')
      log.addRecord(new WriteBatch().put('a', '1').data)
      log.addRecord(new WriteBatch().delete('a').data)
    }
    const seen: string[] = []
    for await (const batch of readWriteBatches(await LogReader.open(fs, '/000012.log')))
      seen.push(...show(batch))
    expect(seen).toEqual(['put 0 a=1', 'delete 0 a'])
  })
})
