/** What a disk writes whole or not at all. */
const sectorBytes = 512

/** Decides what of the unsynced survives a loss of power. */
export interface Survivors {
  /** How many of `n` survive. */
  count(n: number): number
  /** Whether one sector of those that survive by {@link count} has its data; absent: all have. A lost one reads as zeros. */
  readonly hasSector?: () => boolean
}

/** A file's content: what programs see, and what power loss leaves. */
export class FileNode {
  readonly type = 'file'
  bytes: Uint8Array
  sizeBytes: number
  modifiedMs: number
  locked: boolean
  /** Content at the last sync. While the file has only grown since, it is a prefix of `bytes` and this is its length. */
  #durableSize: number
  /** Content at the last sync, kept apart once the file was cut below it. */
  #durableCopy: Uint8Array | undefined

  constructor(modifiedMs: number) {
    this.bytes = new Uint8Array(0)
    this.sizeBytes = 0
    this.modifiedMs = modifiedMs
    this.locked = false
    this.#durableSize = 0
    this.#durableCopy = undefined
  }

  append(data: Uint8Array): void {
    const end = this.sizeBytes + data.length
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.bytes.length * 2, 256))
      grown.set(this.bytes.subarray(0, this.sizeBytes))
      this.bytes = grown
    }
    this.bytes.set(data, this.sizeBytes)
    this.sizeBytes = end
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes < this.#durableSize && this.#durableCopy === undefined) {
      this.#durableCopy = this.bytes.slice(0, this.#durableSize)
    }
    if (sizeBytes > this.sizeBytes) this.append(new Uint8Array(sizeBytes - this.sizeBytes))
    this.sizeBytes = sizeBytes
  }

  sync(): void {
    this.#durableSize = this.sizeBytes
    this.#durableCopy = undefined
  }

  /** A new file with what power loss leaves: the synced content and, of what was appended after it, what survives. */
  afterPowerLoss(survivors: Survivors): FileNode {
    const node = new FileNode(this.modifiedMs)
    if (this.#durableCopy === undefined) {
      const from = this.#durableSize
      const unsynced = this.sizeBytes - from
      node.append(this.bytes.subarray(0, from + (unsynced > 0 ? survivors.count(unsynced) : 0)))
      if (survivors.hasSector !== undefined)
        loseSectors(node.bytes.subarray(from, node.sizeBytes), from, survivors.hasSector)
    } else {
      node.append(this.#durableCopy)
    }
    node.sync()
    return node
  }

  /** A new file with the same content, and the same of it synced. */
  copy(): FileNode {
    const node = new FileNode(this.modifiedMs)
    node.append(this.bytes.subarray(0, this.sizeBytes))
    node.#durableSize = this.#durableSize
    node.#durableCopy = this.#durableCopy
    return node
  }
}

/** A change of names that waits for {@link DirectoryNode.sync}. */
type NameChange =
  | { readonly kind: 'set'; readonly name: string; readonly node: TreeNode }
  | { readonly kind: 'delete'; readonly name: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly node: TreeNode }

/** Names of a directory: what programs see, what power loss leaves, and the changes between, in order. */
export class DirectoryNode {
  readonly type = 'directory'
  readonly entries: Map<string, TreeNode>
  readonly #durableEntries: Map<string, TreeNode>
  #pending: NameChange[]
  modifiedMs: number

  constructor(modifiedMs: number) {
    this.entries = new Map()
    this.#durableEntries = new Map()
    this.#pending = []
    this.modifiedMs = modifiedMs
  }

  set(name: string, node: TreeNode): void {
    this.#change({ kind: 'set', name, node })
  }

  delete(name: string): void {
    this.#change({ kind: 'delete', name })
  }

  rename(from: string, to: string): void {
    this.#change({ kind: 'rename', from, to, node: this.entries.get(from)! })
  }

  sync(): void {
    for (const change of this.#pending) apply(this.#durableEntries, change)
    this.#pending = []
  }

  /** A new directory with what power loss leaves. A journal keeps the order of name changes: of those not synced a prefix survives. */
  afterPowerLoss(survivors: Survivors, seen: Map<TreeNode, TreeNode>): DirectoryNode {
    const left = new Map(this.#durableEntries)
    const kept = this.#pending.length > 0 ? survivors.count(this.#pending.length) : 0
    for (const change of this.#pending.slice(0, kept)) apply(left, change)
    const node = new DirectoryNode(this.modifiedMs)
    for (const [name, child] of left) {
      // Hard links stay links.
      let copy = seen.get(child)
      if (copy === undefined) {
        copy =
          child.type === 'file'
            ? child.afterPowerLoss(survivors)
            : child.afterPowerLoss(survivors, seen)
        seen.set(child, copy)
      }
      node.set(name, copy)
    }
    node.sync()
    return node
  }

  /** A new directory with the same names, content below and changes that wait. */
  copy(seen: Map<TreeNode, TreeNode>): DirectoryNode {
    const copyOf = (child: TreeNode): TreeNode => {
      let copy = seen.get(child)
      if (copy === undefined) {
        copy = child.type === 'file' ? child.copy() : child.copy(seen)
        seen.set(child, copy)
      }
      return copy
    }
    const node = new DirectoryNode(this.modifiedMs)
    for (const [name, child] of this.#durableEntries) node.#durableEntries.set(name, copyOf(child))
    for (const [name, child] of this.entries) node.entries.set(name, copyOf(child))
    node.#pending = this.#pending.map((change) =>
      change.kind === 'delete' ? change : { ...change, node: copyOf(change.node) },
    )
    return node
  }

  #change(change: NameChange): void {
    apply(this.entries, change)
    this.#pending.push(change)
  }
}

/** Zeros the sectors of `data`, which begins at `offset` of its file, that did not reach the disk. */
function loseSectors(data: Uint8Array, offset: number, hasSector: () => boolean): void {
  for (let at = 0; at < data.length;) {
    const end = Math.min(data.length, at + sectorBytes - ((offset + at) % sectorBytes))
    if (!hasSector()) data.fill(0, at, end)
    at = end
  }
}

/** A file or a directory. */
export type TreeNode = FileNode | DirectoryNode

function apply(entries: Map<string, TreeNode>, change: NameChange): void {
  switch (change.kind) {
    case 'set':
      entries.set(change.name, change.node)
      break
    case 'delete':
      entries.delete(change.name)
      break
    case 'rename':
      entries.delete(change.from)
      entries.set(change.to, change.node)
      break
  }
}
