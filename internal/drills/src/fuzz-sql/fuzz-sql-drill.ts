import { runFuzzDrill, type FuzzDrillOptions, type FuzzReport } from '../fuzz/fuzz-drill.ts'
import { createFormatTargets } from './format-targets.ts'
import { sqlTargets } from './sql-targets.ts'

/** {@link runFuzzDrill} for what users and other systems send: statements, and records in every format. */
export async function runFuzzSqlDrill(
  options: Omit<FuzzDrillOptions, 'targets'>,
): Promise<readonly FuzzReport[]> {
  return runFuzzDrill({ ...options, targets: [...sqlTargets, ...(await createFormatTargets())] })
}
