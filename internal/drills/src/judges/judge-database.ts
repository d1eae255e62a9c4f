import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { DB } from '@varve/lsm-core'

import {
  differenceOf,
  sameContent,
  sortedKeys,
  type Content,
  type FamilyModel,
} from '../history/content.ts'
import { bytesOf } from '../history/latin1.ts'
import { readContent } from '../history/read-content.ts'
import type { FamilySetup } from '../history/setup.ts'
import type { FamilyVerdict, Panel } from './panel.ts'

/** A family of a closed database and what it must show. */
interface JudgedFamily {
  readonly setup: FamilySetup
  readonly content: Content
}

/** A closed database. */
export interface JudgedDatabase {
  readonly directory: string
  readonly families: readonly JudgedFamily[]
  /** Values end in the time of their write, in every family. */
  readonly timed: boolean
  /** Tables may be of formats that only the newest judge reads. */
  readonly newest: boolean
}

/** Has a database judged by everyone; each works on copies below `scratch`. @throws Error at the first objection */
export async function judgeDatabase(
  database: JudgedDatabase,
  panel: Panel,
  scratch: string,
): Promise<void> {
  const copies = new Copies(database.directory, scratch)
  try {
    if (!database.newest) {
      await judgeByTools(database, panel, copies)
      await judgeByCheck(database, panel, copies)
    }
    if (!database.timed) await judgeByJava(database, panel, copies)
  } finally {
    await copies.remove()
  }
}

class Copies {
  readonly #directory: string
  readonly #scratch: string
  #made = 0

  constructor(directory: string, scratch: string) {
    this.#directory = directory
    this.#scratch = scratch
  }

  async make(): Promise<string> {
    await mkdir(this.#scratch, { recursive: true })
    const copy = join(this.#scratch, `copy${++this.#made}`)
    await cp(this.#directory, copy, { recursive: true })
    return copy
  }

  async remove(): Promise<void> {
    await rm(this.#scratch, { recursive: true, force: true })
  }
}

/** `ldb` finds it consistent, `sst_dump` verifies every block of every table. */
async function judgeByTools(
  database: JudgedDatabase,
  { tool }: Panel,
  copies: Copies,
): Promise<void> {
  if (tool === undefined) return
  const copy = await copies.make()
  const consistency = await tool('ldb', [`--db=${copy}`, 'checkconsistency'])
  if (consistency.code !== 0 || !consistency.stdout.includes('OK'))
    throw new Error(`ldb checkconsistency: ${consistency.stdout}${consistency.stderr}`)
  for (const name of await readdir(database.directory)) {
    if (!name.endsWith('.sst')) continue
    const path = join(database.directory, name)
    for (const command of ['check', 'verify']) {
      // sst_dump ends with 0 on damage too: an empty stderr is the verdict.
      const { code, stderr } = await tool('sst_dump', [
        `--file=${path}`,
        `--command=${command}`,
        '--verify_checksum',
      ])
      if (code !== 0 || stderr !== '') throw new Error(`sst_dump ${command} of ${name}: ${stderr}`)
    }
  }
}

function specOf({ name, reverse, merge, options }: FamilySetup): string {
  const style = (options as { readonly compactionStyle?: string }).compactionStyle
  return [
    name,
    ...(reverse ? ['cmp=reverse'] : []),
    ...(style === undefined || style === 'leveled' || style === 'level' ? [] : [`style=${style}`]),
    ...(merge === 'none' ? [] : [`merge=${merge}`]),
  ].join(',')
}

/** Debian's RocksDB opens it read-write with all checks and shows the same; then it writes, compacts, and we read that. */
async function judgeByCheck(
  database: JudgedDatabase,
  { check }: Panel,
  copies: Copies,
): Promise<void> {
  if (check === undefined) return
  const families = database.families.map(({ setup }) => `--cf=${specOf(setup)}`)
  const shared = [...families, '--get-every-key', ...(database.timed ? ['--ttl'] : [])]
  for (const [what, args] of [
    ['read-write', []],
    ['with its latest options', ['--latest-options']],
    ['writing and compacting', ['--put=5', '--compact']],
  ] as const) {
    const copy = await copies.make()
    const out = join(copy, '..', 'out.txt')
    const { code, stderr } = await check([`--db=${copy}`, ...shared, ...args, `--out=${out}`])
    if (code !== 0) throw new Error(`rocksdb_check ${what}: ${stderr.trim()}`)
    const shown = parseDump(await readFile(out, 'latin1'))
    const written = what === 'writing and compacting' ? putByCheck : new Map<string, string>()
    for (const { setup, content } of database.families) {
      const expected = new Map([...content, ...written])
      compare(shown.get(setup.name) ?? new Map(), expected, `rocksdb_check ${what}`, setup.name)
    }
    if (what === 'writing and compacting')
      await compareOurs(copy, database, (content) => new Map([...content, ...putByCheck]))
  }
}

/** What `--put=5` writes. */
const putByCheck: Content = new Map(
  Array.from({ length: 5 }, (_, n) => [
    `zz-put-${String(n).padStart(6, '0')}`,
    `written by rocksdb_check ${n}`,
  ]),
)

function parseDump(dump: string): Map<string, Map<string, string>> {
  const families = new Map<string, Map<string, string>>()
  for (const line of dump.split('\n')) {
    if (line === '') continue
    const [name, key, value] = line.split('\t')
    let pairs = families.get(name!)
    if (pairs === undefined) families.set(name!, (pairs = new Map()))
    pairs.set(
      Buffer.from(key!, 'hex').toString('latin1'),
      Buffer.from(value!, 'hex').toString('latin1'),
    )
  }
  return families
}

/** Several releases read it, and write to it and compact it; what they say is then there we find. */
async function judgeByJava(
  database: JudgedDatabase,
  { java, versions }: Panel,
  copies: Copies,
): Promise<void> {
  if (java === undefined) return
  const families = database.families.map(({ setup }) => `--family=${specOf(setup)}`)
  const expected = database.families.map(({ setup, content }) => verdictOf(setup, content))
  for (const version of database.newest ? versions.slice(-1) : versions) {
    const found = await java(version, ['check', database.directory, ...families])
    compareVerdicts(found, expected, `RocksDB ${version} check`)
    const copy = await copies.make()
    const left = await java(version, ['mutate', copy, ...families])
    const ours = await readOurs(copy, database)
    compareVerdicts(
      database.families.map(({ setup }) => verdictOf(setup, ours.get(setup.name)!)),
      left,
      `what RocksDB ${version} wrote`,
    )
  }
}

function compareVerdicts(
  actual: readonly FamilyVerdict[],
  expected: readonly FamilyVerdict[],
  what: string,
): void {
  for (const { name, count, sha256 } of expected) {
    const found = actual.find((family) => family.name === name)
    if (found?.count !== count || found.sha256 !== sha256)
      throw new Error(
        `${what}: family "${name}" has ${found?.count ?? 'no'} pairs ${found?.sha256}, expected ${count} ${sha256}`,
      )
  }
}

/** The hash that the judges use. */
function verdictOf(
  family: FamilyModel & { readonly name: string },
  content: Content,
): FamilyVerdict {
  const hash = createHash('sha256')
  const length = Buffer.alloc(4)
  for (const key of sortedKeys(content, family)) {
    for (const part of [bytesOf(key), bytesOf(content.get(key)!)]) {
      length.writeUInt32LE(part.length)
      hash.update(length).update(part)
    }
  }
  return { name: family.name, count: content.size, sha256: hash.digest('hex') }
}

async function readOurs(
  directory: string,
  database: JudgedDatabase,
): Promise<Map<string, Content>> {
  // RocksDB compacts into levels of its own choice.
  const columnFamilies = Object.fromEntries(
    database.families.map(({ setup: { name, options } }) => {
      const { numLevels: _, ...others } = options
      return [name, others]
    }),
  )
  const read = async (db: DB): Promise<Map<string, Content>> => {
    const contents = new Map<string, Content>()
    for (const { setup } of database.families)
      contents.set(setup.name, readContent(db, db.columnFamily(setup.name), setup))
    await db.verifyChecksum()
    return contents
  }
  await using readOnly = await DB.openReadOnly(directory, { columnFamilies })
  const before = await read(readOnly)
  await using db = await DB.open(directory, { columnFamilies })
  const after = await read(db)
  for (const [name, content] of before)
    compare(after.get(name)!, content, 'read-write against read-only', name)
  return after
}

async function compareOurs(
  directory: string,
  database: JudgedDatabase,
  expected: (content: Content) => Content,
): Promise<void> {
  const ours = await readOurs(directory, database)
  for (const { setup, content } of database.families)
    compare(ours.get(setup.name)!, expected(content), 'our reading of what it wrote', setup.name)
}

function compare(actual: Content, expected: Content, what: string, family: string): void {
  if (!sameContent(actual, expected))
    throw new Error(`${what}: family "${family}": ${differenceOf(actual, expected)}`)
}
