import { asName } from '../connect/raw.ts'
import { wholeId, type Connector } from './connector.ts'

/** Oracle, and YashanDB after it: system change numbers, which pass 64 bits, as text. */
export const oracle: Connector = {
  names: ['oracle', 'yashandb'],
  position: (source) => ({
    scn: asName(source.get('scn')) ?? null,
    commitScn: asName(source.get('commit_scn')) ?? null,
    txId: asName(source.get('txId')) ?? null,
  }),
  transactionKey: wholeId,
  beforeMayBePartial: false,
}
