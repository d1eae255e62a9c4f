/** A MongoDB ObjectId. */
export class ObjectId {
  /** 24 hexadecimal digits, lower case. */
  readonly hex: string

  constructor(hex: string) {
    this.hex = hex
  }

  toString(): string {
    return this.hex
  }
}

/** MongoDB's internal timestamp: of the oplog, not a date. */
export class BsonTimestamp {
  /** Seconds since the epoch. */
  readonly seconds: number
  readonly increment: number

  constructor(seconds: number, increment: number) {
    this.seconds = seconds
    this.increment = increment
  }
}

/** A regular expression in a document. */
export class BsonRegex {
  readonly pattern: string
  readonly flags: string

  constructor(pattern: string, flags: string) {
    this.pattern = pattern
    this.flags = flags
  }
}

/** JavaScript in a document, as text; never run. */
export class BsonCode {
  readonly code: string

  constructor(code: string) {
    this.code = code
  }
}

/** Values that only compare (MinKey, MaxKey), and the deprecated `undefined`. */
export class BsonMarker {
  readonly name: 'minKey' | 'maxKey' | 'undefined'

  constructor(name: 'minKey' | 'maxKey' | 'undefined') {
    this.name = name
  }
}
