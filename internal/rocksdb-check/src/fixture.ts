import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Number of visible pairs and their hash; see {@link PairHash} for the rule. */
export interface ExpectedPairs {
  readonly count: number
  readonly sha256: string
}

/** A column family of a fixture. */
interface FamilyDescription {
  readonly name: string
  /** `stored`: the one whose name is in the MANIFEST. */
  readonly comparator: 'bytewise' | 'reverse' | 'stored'
  /** `none`, `uint64add`, `stringappend` or `stringappend=<delimiter>`. */
  readonly mergeOperator: string
}

/** A live table as RocksDB reports it, or a loose one. */
export interface FileDescription {
  readonly columnFamily: string
  readonly name: string
  readonly level: number
  readonly size: number
  readonly smallestSequence: number
  readonly largestSequence: number
  readonly smallestUserKey: string
  readonly largestUserKey: string
}

/** A loose table of a fixture of kind `sst`. */
export interface TableDescription {
  readonly file: string
  readonly comparator: 'bytewise' | 'reverse'
  readonly expect?: 'error'
  readonly expected?: ExpectedPairs
}

/** What opening in one recovery mode gives. */
export interface RecoveryDescription {
  readonly ok: boolean
  readonly expected?: Readonly<Record<string, ExpectedPairs>>
}

/** The JSON beside a fixture directory. */
export interface FixtureDescription {
  readonly name: string
  readonly kind: 'db' | 'db-newer' | 'sst' | 'backup' | 'broken-db' | 'unsupported-db'
  readonly columnFamilies?: readonly FamilyDescription[]
  readonly expected?: Readonly<Record<string, ExpectedPairs>>
  /** Content of every backup by its id, where more than the newest is known. */
  readonly byBackup?: Readonly<Record<string, Readonly<Record<string, ExpectedPairs>>>>
  /** Part of the name of what is not supported. */
  readonly refusal?: string
  readonly files?: readonly unknown[]
  readonly recoveryModes?: Readonly<Record<string, RecoveryDescription>>
  readonly internalEntries?: { readonly count: number; readonly sha256OfLines: string }
  readonly walDir?: string
  /** Names of the files in the fixture's directory. */
  readonly directory?: readonly string[]
  readonly ttl?: unknown
  /** What is not supported may be in it, or not: RocksDB decided in the background. */
  readonly mayBeRefused?: boolean
}

/** Reads the descriptions of all fixtures of a folder, by name. */
export async function readFixtures(directory: string): Promise<readonly FixtureDescription[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort()
  return Promise.all(
    names.map(
      async (name) =>
        JSON.parse(await readFile(join(directory, name), 'utf8')) as FixtureDescription,
    ),
  )
}
