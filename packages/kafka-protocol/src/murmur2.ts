/**
 * hot: murmur2 of `bytes` as Kafka's Java client hashes keys, seed 0x9747b28c; a signed 32-bit number.
 * Source: Austin Appleby's MurmurHash2, 32 bit, little-endian blocks.
 */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  const blocksEnd = length & ~3
  let hash = 0x9747b28c ^ length
  for (let at = 0; at < blocksEnd; at += 4) {
    let block = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    block = Math.imul(block, 0x5bd1e995)
    block ^= block >>> 24
    hash = Math.imul(hash, 0x5bd1e995) ^ Math.imul(block, 0x5bd1e995)
  }
  const left = length & 3
  if (left !== 0) {
    if (left === 3) hash ^= bytes[blocksEnd + 2]! << 16
    if (left >= 2) hash ^= bytes[blocksEnd + 1]! << 8
    hash = Math.imul(hash ^ bytes[blocksEnd]!, 0x5bd1e995)
  }
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0x5bd1e995)
  return hash ^ (hash >>> 15)
}

/** Partition that Java's default partitioner gives a record with this serialised key. */
export function partitionForKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount
}
