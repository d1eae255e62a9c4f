import type { DurationNode, WindowNode } from '../ast/query.ts'
import { parseDuration } from './parse-query.ts'
import type { TokenStream } from './token-stream.ts'

/** What stands behind WINDOW: `TUMBLING (SIZE 1 HOUR, GRACE PERIOD 5 MINUTES)`, … */
export function parseWindow(tokens: TokenStream): WindowNode {
  const first = tokens.peek().span
  // A name may stand in front; nothing refers to it.
  if (!isWindowType(tokens.peek().text)) tokens.identifier('a kind of window')
  const type = tokens.peek().text
  if (!isWindowType(type)) return tokens.fail('expected TUMBLING, HOPPING or SESSION')
  tokens.next()
  tokens.expectSymbol('(')
  if (type !== 'SESSION') tokens.expectWords('SIZE')
  const size = parseDuration(tokens)
  let advance: DurationNode | undefined
  if (type === 'HOPPING') {
    tokens.expectSymbol(',')
    tokens.expectWords('ADVANCE', 'BY')
    advance = parseDuration(tokens)
  }
  let retention: DurationNode | undefined
  let grace: DurationNode | undefined
  while (tokens.takeSymbol(',')) {
    if (retention === undefined && grace === undefined && tokens.takeWords('RETENTION')) {
      retention = parseDuration(tokens)
    } else if (grace === undefined && tokens.takeWords('GRACE', 'PERIOD')) {
      grace = parseDuration(tokens)
    } else {
      tokens.fail('expected RETENTION or GRACE PERIOD, each once and in this order')
    }
  }
  tokens.expectSymbol(')')
  return { type, size, advance, retention, grace, span: tokens.spanFrom(first) }
}

function isWindowType(word: string): word is WindowNode['type'] {
  return word === 'TUMBLING' || word === 'HOPPING' || word === 'SESSION'
}
