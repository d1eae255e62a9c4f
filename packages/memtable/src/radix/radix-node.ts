import type { Arena } from '../arena.ts'

/**
 * Hot. Inner nodes of an adaptive radix tree (Leis, Kemper and Neumann, 2013) in words of an arena.
 *
 *     head | prefix start | end of key | …
 *     node of 4:   4 key bytes in 1 word   | 4 children
 *     node of 16:  16 key bytes in 4 words | 16 children
 *     node of 48:  256 bytes: 1 + number of the child | 48 children
 *     node of 256: 256 children
 *
 * `head` is kind : 2 | children : 9 | prefix length : 21. The prefix is not stored: it is a range of some key's bytes, so that it may be
 * of any length below 2 MiB (longer ones make chains of nodes). `end of key` is the key that ends at this node. Key bytes of nodes of 4 and
 * 16 ascend.
 *
 * A child is twice the offset of a node, or one more than twice the offset of an entry; 0 is none.
 */
export const NodeKind = { Node4: 0, Node16: 1, Node48: 2, Node256: 3 } as const

export const nodePrefix = 1
export const nodeEnd = 2
export const maxPrefixLength: number = (1 << 21) - 1
const keys = 3
const children4 = 4
const children16 = 7
const children48 = 67
const children256 = 3
const sizes = [8, 23, 115, 259] as const
const capacities = [4, 16, 48, 256] as const

export function kindOf(head: number): number {
  return head & 3
}

export function countOf(head: number): number {
  return (head >>> 2) & 0x1ff
}

export function prefixLengthOf(head: number): number {
  return head >>> 11
}

export function headOf(kind: number, count: number, prefixLength: number): number {
  return kind | (count << 2) | (prefixLength << 11)
}

/** Nodes that were outgrown, by kind, for reuse: the first of each list, linked through the second word. */
export class NodePool {
  readonly #arena: Arena
  readonly #free = new Int32Array(4)

  constructor(arena: Arena) {
    this.#arena = arena
  }

  /** A node of no children and no prefix; its words are 0. */
  allocate(kind: number): number {
    const size = sizes[kind]!
    const free = this.#free[kind]!
    if (free === 0) {
      const node = this.#arena.allocate(size)
      this.#arena.words[node] = kind
      return node
    }
    const { words } = this.#arena
    this.#free[kind] = words[free + 1]!
    words.fill(0, free, free + size)
    words[free] = kind
    return free
  }

  release(node: number): void {
    const { words } = this.#arena
    const kind = kindOf(words[node]!)
    words[node + 1] = this.#free[kind]!
    this.#free[kind] = node
  }
}

/** Word that holds the child of key byte `byte`, 0 when there is none. */
export function childSlot(
  words: Int32Array,
  bytes: Uint8Array,
  node: number,
  byte: number,
): number {
  const head = words[node]!
  switch (head & 3) {
    case NodeKind.Node4: {
      const at = (node + keys) * 4
      const count = countOf(head)
      for (let i = 0; i < count; i++) if (bytes[at + i] === byte) return node + children4 + i
      return 0
    }
    case NodeKind.Node16: {
      const at = (node + keys) * 4
      const count = countOf(head)
      for (let i = 0; i < count; i++) if (bytes[at + i] === byte) return node + children16 + i
      return 0
    }
    case NodeKind.Node48: {
      const number = bytes[(node + keys) * 4 + byte]!
      return number === 0 ? 0 : node + children48 + number - 1
    }
    default:
      return words[node + children256 + byte] === 0 ? 0 : node + children256 + byte
  }
}

/** Adds a child under a key byte that has none; returns the node, which is another one when it had to grow. */
export function addChild(
  arena: Arena,
  pool: NodePool,
  node: number,
  byte: number,
  child: number,
): number {
  const head = arena.words[node]!
  const kind = kindOf(head)
  if (countOf(head) === capacities[kind]) node = growNode(arena, pool, node)
  const { words, bytes } = arena
  const grownHead = words[node]!
  const count = countOf(grownHead)
  words[node] = grownHead + (1 << 2)
  switch (kindOf(grownHead)) {
    case NodeKind.Node4:
      insertSorted(words, bytes, node, children4, count, byte, child)
      break
    case NodeKind.Node16:
      insertSorted(words, bytes, node, children16, count, byte, child)
      break
    case NodeKind.Node48:
      words[node + children48 + count] = child
      bytes[(node + keys) * 4 + byte] = count + 1
      break
    default:
      words[node + children256 + byte] = child
  }
  return node
}

function insertSorted(
  words: Int32Array,
  bytes: Uint8Array,
  node: number,
  children: number,
  count: number,
  byte: number,
  child: number,
): void {
  const at = (node + keys) * 4
  let i = count
  while (i > 0 && bytes[at + i - 1]! > byte) {
    bytes[at + i] = bytes[at + i - 1]!
    words[node + children + i] = words[node + children + i - 1]!
    i--
  }
  bytes[at + i] = byte
  words[node + children + i] = child
}

/** The same children in a node of the next kind. */
function growNode(arena: Arena, pool: NodePool, node: number): number {
  const kind = kindOf(arena.words[node]!)
  const grown = pool.allocate(kind + 1)
  const { words, bytes } = arena
  const head = words[node]!
  const count = countOf(head)
  words[grown] = headOf(kind + 1, count, prefixLengthOf(head))
  words[grown + nodePrefix] = words[node + nodePrefix]!
  words[grown + nodeEnd] = words[node + nodeEnd]!
  const from = (node + keys) * 4
  const to = (grown + keys) * 4
  if (kind === NodeKind.Node4) {
    for (let i = 0; i < count; i++) {
      bytes[to + i] = bytes[from + i]!
      words[grown + children16 + i] = words[node + children4 + i]!
    }
  } else if (kind === NodeKind.Node16) {
    for (let i = 0; i < count; i++) {
      bytes[to + bytes[from + i]!] = i + 1
      words[grown + children48 + i] = words[node + children16 + i]!
    }
  } else {
    for (let byte = 0; byte < 256; byte++) {
      const number = bytes[from + byte]!
      if (number !== 0) words[grown + children256 + byte] = words[node + children48 + number - 1]!
    }
  }
  pool.release(node)
  return grown
}

/** Least key byte at or above `byte` that has a child, 256 when there is none. */
export function nextByte(words: Int32Array, bytes: Uint8Array, node: number, byte: number): number {
  const head = words[node]!
  const at = (node + keys) * 4
  switch (head & 3) {
    case NodeKind.Node4:
    case NodeKind.Node16: {
      const count = countOf(head)
      for (let i = 0; i < count; i++) if (bytes[at + i]! >= byte) return bytes[at + i]!
      return 256
    }
    case NodeKind.Node48:
      while (byte < 256 && bytes[at + byte] === 0) byte++
      return byte
    default:
      while (byte < 256 && words[node + children256 + byte] === 0) byte++
      return byte
  }
}

/** Greatest key byte at or below `byte` that has a child, -1 when there is none. */
export function previousByte(
  words: Int32Array,
  bytes: Uint8Array,
  node: number,
  byte: number,
): number {
  const head = words[node]!
  const at = (node + keys) * 4
  switch (head & 3) {
    case NodeKind.Node4:
    case NodeKind.Node16:
      for (let i = countOf(head) - 1; i >= 0; i--) if (bytes[at + i]! <= byte) return bytes[at + i]!
      return -1
    case NodeKind.Node48:
      while (byte >= 0 && bytes[at + byte] === 0) byte--
      return byte
    default:
      while (byte >= 0 && words[node + children256 + byte] === 0) byte--
      return byte
  }
}
