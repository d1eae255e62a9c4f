import type { LiveHistory } from '../live-history.ts'
import { randomFamily } from '../setup.ts'

const extraMax = 3

/** Makes a family, or drops one. */
export async function changeFamilies(history: LiveHistory): Promise<void> {
  const { random } = history
  const extra = history.families.filter(({ setup }) => setup.name !== 'default')
  if (extra.length < extraMax && (extra.length === 0 || random.below(2) === 0)) {
    const name = `made${history.nextName()}-${random.below(1 << 30)}`
    const setup = randomFamily(random, name, history.limits)
    history.mayAppear(setup)
    const handle = await history.db.createColumnFamily(name, setup.options)
    history.addFamily(setup, handle)
    return
  }
  const family = random.pick(extra)
  history.mayVanish(family)
  await history.db.dropColumnFamily(family.handle)
  history.removeFamily(family)
}
