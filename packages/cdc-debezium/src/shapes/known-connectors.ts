import type { Change, ChangeSource, Tombstone } from '../change.ts'
import { ChangeDecodeError } from '../errors.ts'
import { documentId } from './document-id.ts'
import { transactionKey } from './source.ts'

/** Topic prefixes kept; a decoder is for one, or a few. */
const MAX_PREFIXES = 1000
const TRANSACTIONS = '.transaction'

/** Which connector writes under which topic prefix, learned from rows, for records that do not name it. */
export class KnownConnectors {
  readonly #byPrefix = new Map<string, string>()
  #lastPrefix: string | undefined
  #lastConnector: string | undefined

  /** The change with what its connector makes of it; the change itself where nothing is known. */
  complete(change: Change): Change {
    if (change.kind === 'row') {
      if (change.source !== undefined) this.#learn(change.source)
      return change
    }
    if (change.kind === 'transaction') {
      const connector = change.topic?.endsWith(TRANSACTIONS)
        ? this.#byPrefix.get(change.topic.slice(0, -TRANSACTIONS.length))
        : undefined
      const key = connector === undefined ? undefined : transactionKey(connector, change.id)
      return key === undefined ? change : { ...change, transactionKey: key }
    }
    return change.kind === 'tombstone' && this.#ofData(change.topic) === 'mongodb'
      ? withDocumentId(change)
      : change
  }

  #learn({ name, connector }: ChangeSource): void {
    if (name === this.#lastPrefix && connector === this.#lastConnector) return
    this.#lastPrefix = name
    this.#lastConnector = connector
    if (name === undefined || connector === '') return
    if (this.#byPrefix.size >= MAX_PREFIXES) this.#byPrefix.clear()
    this.#byPrefix.set(name, connector)
  }

  /** A prefix may have dots of its own: the longest that is known. */
  #ofData(topic: string | undefined): string | undefined {
    if (topic === undefined || this.#byPrefix.size === 0) return undefined
    for (let end = topic.lastIndexOf('.'); end > 0; end = topic.lastIndexOf('.', end - 1)) {
      const connector = this.#byPrefix.get(topic.slice(0, end))
      if (connector !== undefined) return connector
    }
    return undefined
  }
}

/** With the document's `_id`; as it was when the key is none of a document: the connector was only guessed. */
function withDocumentId(change: Tombstone): Tombstone {
  try {
    return { ...change, documentId: documentId(change.key) }
  } catch (error) {
    if (error instanceof ChangeDecodeError) return change
    throw error
  }
}
