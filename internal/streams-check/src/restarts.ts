import { createHash } from 'node:crypto'

import type { RestartFrom } from '@varve/streams'

/** When tasks are killed: never, after every input (and from what they start again), or now and then, from either. */
export type Restarts = 'none' | 'some' | RestartFrom

/** All values of {@link Restarts}. */
export const restartModes: readonly Restarts[] = ['none', 'some', 'state', 'changelog']

/** From what the tasks of a case start again after an input; `undefined` when they go on. The same in each run. */
export function wantsRestart(
  restarts: Restarts,
  caseId: string,
  input: number,
): RestartFrom | undefined {
  if (restarts === 'none') return undefined
  if (restarts !== 'some') return restarts
  const [dice] = createHash('sha256').update(`${caseId}/${input}`).digest()
  if (dice! >= 64) return undefined
  return dice! % 2 === 0 ? 'state' : 'changelog'
}
