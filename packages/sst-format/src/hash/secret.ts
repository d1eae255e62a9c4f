const HEX =
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221' +
  'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
  'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb' +
  '170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e'

/** The 192-byte default secret of XXH3, shared by the published XXH3 and the preview that RocksDB's filters use. */
export const XXH3_SECRET: Uint8Array = new Uint8Array(192)
for (let i = 0; i < 192; i++) XXH3_SECRET[i] = Number.parseInt(HEX.slice(i * 2, i * 2 + 2), 16)

/**
 * Little-endian 32-bit words of the secret at every byte offset: `SECRET_WORDS[i]` is the word that starts at byte `i`.
 * XXH3 reads the secret at unaligned offsets too, and a table look-up is cheaper than four byte loads.
 */
export const SECRET_WORDS: Int32Array = new Int32Array(189)
for (let i = 0; i < 189; i++) {
  SECRET_WORDS[i] =
    XXH3_SECRET[i]! |
    (XXH3_SECRET[i + 1]! << 8) |
    (XXH3_SECRET[i + 2]! << 16) |
    (XXH3_SECRET[i + 3]! << 24)
}
