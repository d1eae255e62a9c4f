import { join } from 'node:path'

import {
  checkBackup,
  checkBroken,
  checkContent,
  checkRecovery,
  checkUnsupported,
} from './database-case.ts'
import { readFixtures, type FixtureDescription, type TableDescription } from './fixture.ts'
import { checkFiles, checkInternalEntries } from './manifest-case.ts'
import { checkTable } from './table-case.ts'

/** One thing to check; `run` throws when it does not hold. */
export interface CheckCase {
  /** `fixture/aspect`, unique. */
  readonly name: string
  run(): Promise<void>
}

/** All checks over the fixtures of a folder. */
export async function collectCases(directory: string): Promise<readonly CheckCase[]> {
  const fixtures = await readFixtures(directory)
  return fixtures.flatMap((fixture) => casesOf(join(directory, fixture.name), fixture))
}

function casesOf(path: string, fixture: FixtureDescription): CheckCase[] {
  const named = (aspect: string, run: () => Promise<void>): CheckCase => ({
    name: `${fixture.name}/${aspect}`,
    run,
  })
  switch (fixture.kind) {
    case 'sst':
      return (fixture.files as readonly TableDescription[]).map((table) =>
        named(table.file, () => checkTable(join(path, table.file), table)),
      )
    case 'backup':
      return [named('content', () => checkBackup(path, fixture))]
    case 'unsupported-db':
      return [named('refused by name', () => checkUnsupported(path, fixture))]
    case 'broken-db':
      return [named('refused', () => checkBroken(path, fixture))]
    case 'db':
    case 'db-newer': {
      const cases: CheckCase[] = []
      if (fixture.expected !== undefined) {
        cases.push(named('content', () => checkContent(path, fixture)))
      }
      if (fixture.files !== undefined) cases.push(named('files', () => checkFiles(path, fixture)))
      if (fixture.internalEntries !== undefined) {
        cases.push(named('versions', () => checkInternalEntries(path, fixture)))
      }
      for (const [mode, description] of Object.entries(fixture.recoveryModes ?? {})) {
        cases.push(named(`recovery-${mode}`, () => checkRecovery(path, fixture, mode, description)))
      }
      return cases
    }
  }
}
