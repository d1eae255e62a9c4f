import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { runProgram, type ProgramEnd } from './run-program.ts'

const target = fileURLToPath(new URL('../../target/', import.meta.url))
const buildTimeoutMs = 300_000

/** RocksDB releases that judge: an old one that knows what is written here, a middle one, the newest. */
export const rocksdbVersions = ['6.29.5', '8.11.4', '11.8.1'] as const

/** Whether RocksDB's tools are on this machine. */
export async function hasRocksdbTools(): Promise<boolean> {
  const found = await Promise.all(['ldb', 'sst_dump'].map(isProgram))
  return found.every(Boolean)
}

async function isProgram(name: string): Promise<boolean> {
  return (await runProgram('which', [name])).code === 0
}

/**
 * Builds the judge in C++ over Debian's RocksDB, unless it is built and newer than its source.
 *
 * @param source `rocksdb_check.cc`
 * @returns the program, undefined where compiler or library are missing
 * @throws Error when it does not compile
 */
export async function buildRocksdbCheck(source: string): Promise<string | undefined> {
  const program = join(target, 'rocksdb_check')
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program
  if (!(await isProgram('g++')) || !existsSync('/usr/include/rocksdb/db.h')) return undefined
  mkdirSync(target, { recursive: true })
  const args = ['-std=c++17', '-O1', '-o', program, source, '-lrocksdb']
  const { code, stderr } = await runProgram('g++', args, { timeoutMs: buildTimeoutMs })
  if (code !== 0) throw new Error(`${source} does not compile: ${stderr}`)
  return program
}

/** Runs the judge in Java with one release of RocksDB; builds it on first use. `script` is `rocksdb-jni`. */
export async function runRocksdbJni(
  script: string,
  version: string,
  args: readonly string[],
): Promise<ProgramEnd> {
  const builds = join(target, 'rocksdb-jni')
  mkdirSync(builds, { recursive: true })
  return runProgram(script, [version, ...args], {
    env: {
      ROCKSDB_JNI_BUILD: builds,
      JAVA_TOOL_OPTIONS: '-XX:+UseSerialGC -XX:TieredStopAtLevel=1',
    },
    timeoutMs: buildTimeoutMs,
  })
}

/** Whether Java and Maven are on this machine. */
export async function hasJava(): Promise<boolean> {
  const found = await Promise.all(['java', 'mvn'].map(isProgram))
  return found.every(Boolean)
}
