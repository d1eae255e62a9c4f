import { CorruptionError, parseHex, UnsupportedError } from '@varve/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { decodeVersionEdit } from './version-edit-decode.ts'
import { encodeVersionEdit } from './version-edit-encode.ts'
import type { VersionEdit } from './version-edit.ts'

/** A flush as RocksDB 7.8.3 recorded it. */
const FLUSH = parseHex(
  '02050a05040a670008840b' +
    '116130303030303030300101000000000000' +
    '11613030303030303039010a00000000000001' +
    '0a0505f9a982d80606010007000807556e6b6e6f776e03080500000000000000' +
    '0c102d4a3c3238429dba0ae6d87c8c6f2c4901',
)

describe('a version edit', () => {
  test('of RocksDB decodes and encodes to the same bytes', () => {
    const edit = decodeVersionEdit(FLUSH)
    expect(edit).toMatchObject({ logNumber: 5, minLogNumberToKeep: 5, lastSequence: 10 })
    expect(edit.newFiles).toHaveLength(1)
    const { level, file } = edit.newFiles![0]!
    expect(level).toBe(0)
    expect(file).toMatchObject({
      number: 8,
      fileSizeBytes: 1412,
      smallestSequence: 1,
      largestSequence: 10,
      oldestAncestorTimeS: 1795200249,
      fileChecksumFunctionName: 'Unknown',
    })
    expect(encodeVersionEdit(edit)).toEqual(FLUSH)
  })

  test.each([
    ['last sequence', '04ffffffffffffff0f', Number.MAX_SAFE_INTEGER],
    ['last sequence of few bytes', '0480808080808000', 0],
    ['last sequence of eight bytes', '0481808080808080808000', 1],
  ])('has a %s that a number holds', (_, hex, lastSequence) => {
    expect(decodeVersionEdit(parseHex(hex))).toEqual({ lastSequence })
  })

  test.each([
    ['last sequence of 2^53', '048080808080808010', UnsupportedError],
    ['last sequence of 2^56 - 1', '04ffffffffffffff7f', UnsupportedError],
    ['last sequence of 2^56', '04808080808080808001', CorruptionError],
    ['next file number of 2^60', '03808080808080808010', UnsupportedError],
    ['next file number of 2^62', '03808080808080808040', CorruptionError],
    ['next file number that does not end', '03ffffffffffffff', CorruptionError],
    ['log number of 2^64', '028080808080808080808001', CorruptionError],
  ])('with a %s is refused', (_, hex, error) => {
    expect(() => decodeVersionEdit(parseHex(hex))).toThrow(error)
  })

  test('comes back as it was', () => {
    const number = fc.integer({ min: 0, max: 2 ** 48 })
    const key = fc.uint8Array({ minLength: 8, maxLength: 30 })
    const level = fc.integer({ min: 0, max: 6 })
    const present = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
      fc.option(value, { nil: undefined })
    const file = fc.record({
      number,
      fileSizeBytes: number,
      smallest: key,
      largest: key,
      smallestSequence: number,
      largestSequence: number,
      oldestAncestorTimeS: number,
      fileCreationTimeS: number,
      fileChecksum: fc.uint8Array({ maxLength: 4 }),
      fileChecksumFunctionName: fc.string({ maxLength: 10 }),
      uniqueId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    })
    const edits = fc
      .record({
        dbId: present(fc.string()),
        comparatorName: present(fc.string()),
        logNumber: present(number),
        previousLogNumber: present(fc.constant(0)),
        nextFileNumber: present(number),
        maxColumnFamily: present(level),
        lastSequence: present(number),
        compactCursors: present(fc.array(fc.record({ level, key }), { minLength: 1 })),
        deletedFiles: present(fc.array(fc.record({ level, number }), { minLength: 1 })),
        newFiles: present(fc.array(fc.record({ level, file }), { minLength: 1 })),
        walAdditions: present(
          fc.array(
            fc.oneof(fc.record({ number }), fc.record({ number, syncedSizeBytes: number })),
            { minLength: 1 },
          ),
        ),
        walDeletionBelow: present(number),
        columnFamily: present(fc.integer({ min: 1, max: 900 })),
        addColumnFamily: present(fc.string()),
        dropColumnFamily: present(fc.constant(true)),
        atomicGroupRemaining: present(level),
      })
      .map(
        (edit) =>
          Object.fromEntries(
            Object.entries(edit).filter(([, value]) => value !== undefined),
          ) as VersionEdit,
      )
    fc.assert(
      fc.property(edits, (edit) => {
        const bytes = encodeVersionEdit(edit)
        expect(decodeVersionEdit(bytes)).toEqual(edit)
      }),
    )
  })

  test('with an unknown tag is refused, unless the tag says it may be skipped', () => {
    const source = { file: 'MANIFEST-000005', offset: 70 }
    expect(() => decodeVersionEdit(parseHex('0207c801019001'), source)).toThrow(CorruptionError)
    expect(() => decodeVersionEdit(parseHex('0207e707'), source)).toThrow(
      'unknown tag 999 in a version edit in "MANIFEST-000005" at offset 72',
    )
    // 0x2fff with two bytes, then log number 7.
    expect(decodeVersionEdit(parseHex('ff5f02abcd0207'), source)).toEqual({ logNumber: 7 })
  })

  test('with a new-file field that must be understood is refused', () => {
    const head = '67000864' + '08' + '00'.repeat(8) + '08' + '00'.repeat(8) + '0101'
    expect(() => decodeVersionEdit(parseHex(`${head}46010001`))).toThrow(UnsupportedError)
    expect(decodeVersionEdit(parseHex(`${head}3f010001`)).newFiles).toHaveLength(1)
  })

  test('cut at any byte is damage or a shorter edit, never a crash', () => {
    for (let length = 0; length < FLUSH.length; length++) {
      try {
        decodeVersionEdit(FLUSH.subarray(0, length), { file: 'MANIFEST-000005', offset: 0 })
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptionError)
      }
    }
  })
})
