import { isPeerThere, sharedFixture } from '@varve/base/testing'
import {
  buildRocksdbCheck,
  hasJava,
  hasRocksdbTools,
  rocksdbVersions,
  runProgram,
  runRocksdbJni,
  type ProgramEnd,
} from '@varve/internal-peers'

/** What the judges say about one family: the shared form of their answers. */
export interface FamilyVerdict {
  readonly name: string
  readonly count: number
  /** SHA-256 over the pairs in order, each as length, key, length, value. */
  readonly sha256: string
}

/** The judges that this machine has. */
export interface Panel {
  /** The program in C++ over Debian's library. */
  readonly check: ((args: readonly string[]) => Promise<ProgramEnd>) | undefined
  /** RocksDB's own tools. */
  readonly tool:
    ((name: 'ldb' | 'sst_dump', args: readonly string[]) => Promise<ProgramEnd>) | undefined
  readonly java:
    ((version: string, args: readonly string[]) => Promise<readonly FamilyVerdict[]>) | undefined
  readonly versions: readonly string[]
}

/** Calls the judges in; those that are missing are named aloud, or an error with `VARVE_REQUIRE_PEERS=1`. */
export async function callPanel(versions: readonly string[] = rocksdbVersions): Promise<Panel> {
  const source = sharedFixture('rocksdb-check/rocksdb_check.cc')
  const script = sharedFixture('rocksdb-jni/rocksdb-jni')
  const program = source === undefined ? undefined : await buildRocksdbCheck(source)
  const hasTools = await hasRocksdbTools()
  const canJava = script !== undefined && (await hasJava())
  isPeerThere('g++ or librocksdb-dev', source === undefined || program !== undefined)
  isPeerThere('ldb and sst_dump (Debian package rocksdb-tools)', hasTools)
  isPeerThere('java or mvn', script === undefined || canJava)
  return {
    check: program === undefined ? undefined : (args) => runProgram(program, args),
    tool: hasTools ? (name, args) => runProgram(name, args) : undefined,
    java: canJava ? (version, args) => askJava(script, version, args) : undefined,
    versions,
  }
}

async function askJava(
  script: string,
  version: string,
  args: readonly string[],
): Promise<readonly FamilyVerdict[]> {
  const { code, stdout, stderr } = await runRocksdbJni(script, version, args)
  if (code !== 0) throw new Error(`RocksDB ${version} ${args[0]}: ${stderr.trim()}`)
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as FamilyVerdict)
}
