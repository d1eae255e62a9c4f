import { formatLosslessJson, parseLosslessJson, type LosslessJson } from '@varve/serde'

/** A document; undefined for blank text, which is none. @throws DeserializationError for other text that is no JSON */
export function parseDocument(text: string): LosslessJson | undefined {
  return text.trim() === '' ? undefined : parseLosslessJson(text)
}

/** A document that is an array; undefined for any other. */
export function parseArray(text: string): readonly LosslessJson[] | undefined {
  const document = parseDocument(text)
  return Array.isArray(document) ? (document as readonly LosslessJson[]) : undefined
}

/** A document that is an object; undefined for any other. */
export function parseObject(text: string): ReadonlyMap<string, LosslessJson> | undefined {
  const document = parseDocument(text)
  return document instanceof Map ? (document as ReadonlyMap<string, LosslessJson>) : undefined
}

/** Texts without quotes, anything else as compact JSON. */
export function plainText(node: LosslessJson): string {
  return typeof node === 'string' ? node : formatLosslessJson(node)
}
