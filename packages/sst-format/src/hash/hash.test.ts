import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { hash32 } from './hash32.ts'
import { XXH3_SECRET } from './secret.ts'
import { hash64, xxh3, xxph3 } from './xxh3-64.ts'
import { xxhash32 } from '@varve/base'
import { xxh64Low } from './xxh64.ts'

// Input byte i = (131 × i + 7) & 255; columns: length, XXPH3_64, XXH3_64, hash32 seed bc9f1d34, hash32 seed 397.
const VECTORS = `
0    5342c3010fe1dd04 2d06800538d394c2 bc9f1d34 0000018d
1    b71d295c7865c7e9 4c5cca45d0f4811f 528bb3b8 86a18ab9
2    777096a9131e825d 29c60963cbfa4e6e 7665b12d 24388c12
3    8b93d65306b47960 6e3e2670e61106ac 76b40f8a 0ef1b1ef
4    640dfa78d9602caa 5c4c63133443d03f 96b20e5f e9599c81
8    e02bb0260ca2f426 f9fd4dd0b04d78f5 49d181ac 52d9ceff
9    82e27d91ecbde0e3 7c20df9712c26edf e93f0431 e5a72ab1
16   808dc7f6a08e1828 86abf6baccea0858 15e62df4 fe8949be
17   6216c07c87bfe5d1 b58bf5dc5022d071 656af32f 36a561b8
33   48c3ee9be5231873 a4dee99b093e1f73 9bb1985e 1f677dc8
65   070482c3b1bc6389 97c6bf83217e5ec9 efd8a67c 5c137c92
97   682d0b1bfce2169d f145a45b658ab9dd b36755ae 1518d662
128  b885f0d2689835e1 10d17f72c0ccba41 792d9747 0f5e3ee4
129  fe146eb2e99b1a68 1648bdc3db49d1a2 4c6eafbf 007af693
240  ddce7abbd046abf1 b6cfaf343fab81e6 76f21f7a 8238e42c
241  b1e53475de84b071 956cae592c67279e 24bfe8be 9814c75f
256  d4e21b1ad9fad6c0 b15e550733c5dfac 55908e90 4f763dc7
1024 144aa676708da11c 70bd377d9574f4bb 9d5b959c 20ab6364
1025 621058c4914d5089 66c4487c41e127a7 1f856ea7 a445bf41
2000 681706da03434b2d f7d78023f8a2c2b7 00951244 c45b8b5f
`

function hex(): string {
  return hash64.hi.toString(16).padStart(8, '0') + hash64.lo.toString(16).padStart(8, '0')
}

describe('hashes give the values of the reference', () => {
  for (const line of VECTORS.trim().split('\n')) {
    const [length, preview, stable, bloom, data] = line.split(/\s+/) as [
      string,
      string,
      string,
      string,
      string,
    ]
    test(`length ${length}`, () => {
      const n = Number(length)
      // An offset proves that nothing assumes alignment or a start at zero.
      const d = new Uint8Array(n + 5)
      for (let i = 0; i < n; i++) d[i + 3] = (131 * i + 7) & 255
      xxph3(d, 3, n)
      expect(hex()).toBe(preview)
      xxh3(d, 3, n)
      expect(hex()).toBe(stable)
      expect(hash32(d, 3, n, 0xbc9f1d34).toString(16).padStart(8, '0')).toBe(bloom)
      expect(hash32(d, 3, n, 397).toString(16).padStart(8, '0')).toBe(data)
    })
  }

  test('XXH32 and XXH64 of the published strings', () => {
    const text = (s: string): Uint8Array => new TextEncoder().encode(s)
    const empty = text('')
    expect(xxhash32(empty)).toBe(0x02cc5d05)
    expect(xxh64Low(empty, 0, 0)).toBe(0x51d8e999)
    const abc = text('abc')
    expect(xxhash32(abc)).toBe(0x32d153ff)
    expect(xxh64Low(abc, 0, 3)).toBe(0xad770999)
    const long = text('Nobody inspects the spammish repetition')
    expect(xxhash32(long)).toBe(0xe2293b2f)
  })
})

/** XXPH3 of 9 to 32 bytes as its specification reads, with whole 64-bit numbers. */
function previewOfKey(d: Uint8Array): string {
  const mask = (1n << 64n) - 1n
  const read = (bytes: Uint8Array, at: number): bigint =>
    new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true)
  const fold = (a: bigint, b: bigint): bigint => ((a * b) & mask) ^ ((a * b) >> 64n)
  const mix = (at: number, secretAt: number): bigint =>
    fold(
      read(d, at) ^ read(XXH3_SECRET, secretAt),
      read(d, at + 8) ^ read(XXH3_SECRET, secretAt + 8),
    )
  const n = d.length
  let h: bigint
  if (n > 16) h = BigInt(n) * 0x9e3779b185ebca87n + mix(0, 0) + mix(n - 16, 16)
  else {
    const low = read(d, 0) ^ read(XXH3_SECRET, 0)
    const high = read(d, n - 8) ^ read(XXH3_SECRET, 8)
    h = BigInt(n) + low + high + fold(low, high)
  }
  h &= mask
  h = ((h ^ (h >> 37n)) * 0x165667b19e3779f9n) & mask
  return (h ^ (h >> 32n)).toString(16).padStart(16, '0')
}

test('the hash of a key carries between its halves as one number of 64 bits', () => {
  const bytes = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 127, 128, 255))
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 9, maxLength: 32 }), (key) => {
      const d = Uint8Array.from(key)
      xxph3(d, 0, d.length)
      expect(hex()).toBe(previewOfKey(d))
    }),
    { numRuns: 3000 },
  )
})
