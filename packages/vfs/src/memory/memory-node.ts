/** What a disk writes whole or not at all. */
const sectorBytes = 512

/** Decides what of the unsynced survives a loss of power. */
export interface Survivors {
  /** How many of `n` survive. */
  count(n: number): number
  /**
   * Whether one sector of those that survive by {@link count} has its data; absent: all have. A lost one reads as what was
   * there before, and as zeros where nothing was.
   */
  readonly hasSector?: () => boolean
}

/** A file's content: what programs see, and what power loss leaves. */
export class FileNode {
  readonly type = 'file'
  bytes: Uint8Array
  sizeBytes: number
  modifiedMs: number
  locked: boolean
  /** Length at the last sync. While the file was not cut below it since, the content then is `bytes` without `#overwritten`. */
  #durableSize: number
  /** Content at the last sync, kept apart once the file was cut below it. */
  #durableCopy: Uint8Array | undefined
  /** What was there at the last sync where something was written over it since, in the order of the writes. */
  #overwritten: { readonly offset: number; readonly old: Uint8Array }[] = []

  constructor(modifiedMs: number) {
    this.bytes = new Uint8Array(0)
    this.sizeBytes = 0
    this.modifiedMs = modifiedMs
    this.locked = false
    this.#durableSize = 0
    this.#durableCopy = undefined
  }

  append(data: Uint8Array): void {
    this.write(this.sizeBytes, data)
  }

  /** Writes at `offset`, which is not behind the end. */
  write(offset: number, data: Uint8Array): void {
    const end = offset + data.length
    if (offset < this.#durableSize && this.#durableCopy === undefined) {
      const old = this.bytes.slice(offset, Math.min(end, this.#durableSize))
      this.#overwritten.push({ offset, old })
    }
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.bytes.length * 2, 256))
      grown.set(this.bytes.subarray(0, this.sizeBytes))
      this.bytes = grown
    }
    this.bytes.set(data, offset)
    this.sizeBytes = Math.max(this.sizeBytes, end)
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes < this.#durableSize && this.#durableCopy === undefined) {
      const durable = this.bytes.slice(0, this.#durableSize)
      for (const { offset, old } of this.#overwritten.toReversed()) durable.set(old, offset)
      this.#durableCopy = durable
      this.#overwritten = []
    }
    if (sizeBytes > this.sizeBytes) this.append(new Uint8Array(sizeBytes - this.sizeBytes))
    this.sizeBytes = sizeBytes
  }

  sync(): void {
    this.#durableSize = this.sizeBytes
    this.#durableCopy = undefined
    this.#overwritten = []
  }

  /** A new file with what power loss leaves: the synced content and, of what was written after it, what survives. */
  afterPowerLoss(survivors: Survivors): FileNode {
    const node = new FileNode(this.modifiedMs)
    if (this.#durableCopy === undefined) {
      const from = this.#durableSize
      let unsynced = this.sizeBytes - from
      for (const { old } of this.#overwritten) unsynced += old.length
      let survives = unsynced > 0 ? survivors.count(unsynced) : 0
      // Of every write over something a part survives: the end of it is what was there before.
      const lost = this.#overwritten.map(({ offset, old }) => {
        const written = Math.min(old.length, survives)
        survives -= written
        return { offset, old, written }
      })
      node.append(this.bytes.subarray(0, from + survives))
      const { hasSector } = survivors
      for (const { offset, old, written } of lost.reverse()) {
        node.bytes.set(old.subarray(written), offset + written)
        if (hasSector === undefined) continue
        forEachSector(written, offset, (start, end) => {
          if (!hasSector()) node.bytes.set(old.subarray(start, end), offset + start)
        })
      }
      if (hasSector !== undefined) {
        const appended = node.bytes.subarray(from, node.sizeBytes)
        forEachSector(appended.length, from, (start, end) => {
          if (!hasSector()) appended.fill(0, start, end)
        })
      }
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
    node.#overwritten = [...this.#overwritten]
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

/** Visits the sectors that `length` bytes at `offset` of a file touch, as ranges of those bytes. */
function forEachSector(
  length: number,
  offset: number,
  visit: (start: number, end: number) => void,
): void {
  for (let at = 0; at < length;) {
    const end = Math.min(length, at + sectorBytes - ((offset + at) % sectorBytes))
    visit(at, end)
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
