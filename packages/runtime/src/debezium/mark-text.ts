import type { SourceMark } from '@varve/cdc-debezium'

/** A place in a source's log as text, to keep with a row; {@link parseMark} reads it. */
export function formatMark({ log, at, alternative }: SourceMark): string {
  const own = [log, at.join(' ')]
  if (alternative !== undefined) own.push(alternative.log, alternative.at.join(' '))
  return own.join('\n')
}

/** Reverses {@link formatMark}; `read` says which kind of mark it was. */
export function parseMark(text: string, read: boolean): SourceMark {
  const [log, at, otherLog, otherAt] = text.split('\n')
  const own = { log: log!, read, at: numbers(at!) }
  return otherLog === undefined
    ? own
    : { ...own, alternative: { log: otherLog, at: numbers(otherAt!) } }
}

function numbers(text: string): bigint[] {
  return text.split(' ').map(BigInt)
}
