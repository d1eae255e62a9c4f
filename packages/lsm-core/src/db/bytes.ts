/** A key or value; text is taken as UTF-8. */
export type Bytes = string | Uint8Array
