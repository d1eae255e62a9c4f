import { copyRange } from '../bytes/copy.ts'
import { kernels } from './kernels.ts'

const lanesBytes = 64
const maxInputBytes = 1 << 20
let secretIsThere = false
/** The accumulators of the last call as bytes: callers have one array for all calls. */
let lanesAsBytes: Uint8Array = new Uint8Array(0)
let lanesOfBytes: Uint32Array | undefined

/**
 * The loop of XXH3 over inputs above 240 bytes: consumes `data[start, start + length)` into the eight accumulators `lanes`,
 * low and high halves in turn, which hold the start values. False, and nothing done, without WebAssembly and for inputs above 1 MiB.
 *
 * `secret` is the 192-byte default secret.
 */
export function xxh3Lanes(
  data: Uint8Array,
  start: number,
  length: number,
  secret: Uint8Array,
  lanes: Uint32Array,
): boolean {
  if (kernels === undefined || length > maxInputBytes || !kernels.reserve(length)) return false
  const { heap, exports, bytes } = kernels
  if (!secretIsThere) {
    bytes.set(secret, exports.xxh3Secret())
    secretIsThere = true
  }
  const at = exports.xxh3Accumulators()
  if (lanesOfBytes !== lanes) {
    lanesOfBytes = lanes
    lanesAsBytes = new Uint8Array(lanes.buffer, lanes.byteOffset, lanesBytes)
  }
  const view = lanesAsBytes
  copyRange(view, 0, lanesBytes, bytes, at)
  copyRange(data, start, start + length, bytes, heap)
  exports.xxh3Accumulate(heap, length)
  copyRange(bytes, at, at + lanesBytes, view, 0)
  return true
}
