/**
 * `npm run check:files -- --dir D`: RocksDB's and Kafka's own tools read what an engine left in its directory.
 *
 * Every database below `D/state`: `ldb checkconsistency`, `ldb scan` of each family, `sst_dump --command=check` of each table. Every segment below
 * `D/broker`: Kafka's `DumpLogSegments --deep-iteration`, indexes included. Ends with `N passed, N failed`.
 */
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs, promisify } from 'node:util'

import { dumpLogSegments, isKafkaInstalled } from '@varve/internal-peers'
import { DB } from '@varve/lsm-core'

const run = promisify(execFile)
const OUTPUT_BYTES_MAX = 256 * 2 ** 20

const { values } = parseArgs({ options: { dir: { type: 'string' } } })
if (values.dir === undefined) {
  console.error('usage: npm run check:files -- --dir D')
  process.exit(2)
}
const directory = values.dir
let passed = 0
let failed = 0

async function judge(what: string, check: () => Promise<void>): Promise<void> {
  try {
    await check()
    passed++
    console.log(`✔ ${what}`)
  } catch (error) {
    failed++
    console.log(`✘ ${what}: ${(error as Error).message}`)
  }
}

async function tool(
  command: string,
  args: readonly string[],
  mustSay: RegExp | undefined,
): Promise<void> {
  const { stdout, stderr } = await run(command, args, { maxBuffer: OUTPUT_BYTES_MAX })
  const output = stdout + stderr
  if (mustSay !== undefined && !mustSay.test(output)) throw new Error(output.trim().slice(-500))
  if (/corruption|checksum mismatch/i.test(output)) throw new Error(output.trim().slice(-500))
}

const files = (await readdir(directory, { recursive: true })).sort()
for (const current of files.filter(
  (file) => file.startsWith('state') && file.endsWith('/CURRENT'),
)) {
  const database = join(directory, dirname(current))
  await judge(`ldb checkconsistency ${dirname(current)}`, () =>
    tool('ldb', [`--db=${database}`, 'checkconsistency'], /^OK$/m),
  )
  for (const family of await DB.listColumnFamilies(database)) {
    await judge(`ldb scan ${dirname(current)} ${family}`, () =>
      tool('ldb', [`--db=${database}`, `--column_family=${family}`, 'scan', '--hex'], undefined),
    )
  }
}
for (const table of files.filter((file) => file.startsWith('state') && file.endsWith('.sst'))) {
  await judge(`sst_dump ${table}`, () =>
    tool(
      'sst_dump',
      [`--file=${join(directory, table)}`, '--verify_checksum', '--command=check'],
      undefined,
    ),
  )
}
const segments = files.filter(
  (file) => file.startsWith('broker') && /\/\d{20}\.(log|index|timeindex|txnindex)$/.test(file),
)
if (segments.length > 0 && !isKafkaInstalled('3')) {
  failed++
  console.log('✘ Kafka is not installed: scripts/ci-peers does that')
} else if (segments.length > 0) {
  await judge(`DumpLogSegments of ${segments.length} files`, async () => {
    const output = await dumpLogSegments(
      segments.map((segment) => join(directory, segment)),
      { line: '3' },
    )
    const complaint = /^.*(mismatch|corrupt|error|exception|followed by).*$/im.exec(output)
    if (complaint !== null) throw new Error(complaint[0])
  })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
