import { kernelsModule } from './kernels-module.ts'

/** As much of the standard API as is used; the compiler's libraries for Node do not have it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: KernelExports }
}

/** What `wasm/kernels.as` exports: functions on addresses of the linear memory. */
interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  readonly heapBase: { readonly value: number }
  init(): void
  crc32c(at: number, length: number, seed: number): number
  xxh3Accumulate(at: number, length: number): void
  xxh3Secret(): number
  xxh3Accumulators(): number
  snappyDecode(at: number, end: number, out: number, outEnd: number): number
  snappyEncode(at: number, end: number, out: number): number
  lz4Decode(at: number, end: number, outStart: number, out: number, outEnd: number): number
  lz4Encode(at: number, end: number, out: number): number
}

const pageBytes = 65536
/** Of the scratch area for a block that is looked at. */
export const blockRoomBytes: number = 1 << 20
/** Behind that, for checksums. */
export const checksumRoomBytes: number = 128 << 10
/** Larger inputs go the way of plain JavaScript instead of growing the memory for good. */
const maxHeapBytes = 4 << 20

/**
 * The inner loops in WebAssembly, with the memory they work on. One per thread.
 *
 * Memory is a scratch area: {@link Kernels.reserve} says how much of it a call needs, and nothing outlives the call that put it there.
 */
export class Kernels {
  readonly exports: KernelExports
  /** First byte of the scratch area. */
  readonly heap: number
  /** The whole memory; replaced when it grows. */
  bytes: Uint8Array

  constructor(exports: KernelExports) {
    this.exports = exports
    this.heap = exports.heapBase.value
    this.bytes = new Uint8Array(exports.memory.buffer)
    exports.init()
  }

  /** Makes the scratch area at least so long; false when that is too much. */
  reserve(sizeBytes: number): boolean {
    const missing = this.heap + sizeBytes - this.bytes.length
    if (missing <= 0) return true
    if (sizeBytes > maxHeapBytes) return false
    this.exports.memory.grow(Math.ceil(missing / pageBytes))
    this.bytes = new Uint8Array(this.exports.memory.buffer)
    return true
  }
}

/** Undefined where WebAssembly is switched off; callers then do the same in plain JavaScript. */
export const kernels: Kernels | undefined = instantiate()

function instantiate(): Kernels | undefined {
  const { WebAssembly: api } = globalThis as { readonly WebAssembly?: WebAssemblyApi }
  if (api === undefined) return undefined
  try {
    const module = new api.Module(Buffer.from(kernelsModule, 'base64'))
    return new Kernels(new api.Instance(module).exports)
  } catch {
    // Without SIMD, or where compiling is forbidden.
    return undefined
  }
}
