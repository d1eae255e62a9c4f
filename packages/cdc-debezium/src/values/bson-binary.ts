/** Binary data of a document, with what MongoDB calls its subtype: 0 for plain data, 4 for UUIDs. */
export class BsonBinary extends Uint8Array {
  readonly subtype: number

  /** The bytes are copied. */
  constructor(bytes: Uint8Array, subtype: number) {
    super(bytes.length)
    this.set(bytes)
    this.subtype = subtype
  }

  /** Parts of the data are bytes like any other. */
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array
  }
}
