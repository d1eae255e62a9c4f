/** One compression format, stateless and synchronous. */
export interface Codec {
  readonly name: CodecName
  /**
   * Compressed form of `data` in a fresh array, or in {@link CompressOptions.target}. Never refuses: incompressible input grows a
   * little.
   */
  compress(data: Uint8Array, options?: CompressOptions): Uint8Array
  /**
   * Original of `data` in a fresh array of at most `maxSizeBytes`; memory beyond that is not touched, whatever the
   * input claims.
   *
   * With `target` a codec may write there instead, if it is large enough, and return a view of it.
   *
   * @throws CorruptionError when `data` is not of this format or holds more than `maxSizeBytes`
   */
  decompress(data: Uint8Array, maxSizeBytes: number, target?: Uint8Array): Uint8Array
}

export interface CompressOptions {
  /** The format's own scale; formats without levels ignore it. */
  readonly level?: number
  /** A codec may write there instead of into a fresh array, if it is large enough, and return a view of it. */
  readonly target?: Uint8Array | undefined
}

/**
 * `snappy` raw block; `lz4` raw block (its reader must know the size or a bound); `lz4-frame` the LZ4 frame format;
 * `zstd` frame; `deflate` raw, without zlib's header; `gzip`. No compression is the absence of a codec.
 */
export type CodecName = 'snappy' | 'lz4' | 'lz4-frame' | 'zstd' | 'deflate' | 'gzip'
