import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { isPeerThere } from '@varve/base/testing'

/**
 * Compiles `native/<name>.cc` against Debian's RocksDB; the path of the program, or undefined, aloud, where compiler or
 * library are missing. With `VARVE_REQUIRE_PEERS=1` that is an error.
 */
export function compileNativeProgram(name: string): string | undefined {
  const program = join(mkdtempSync(join(tmpdir(), 'varve-native-')), name)
  const source = join(import.meta.dirname, 'native', `${name}.cc`)
  const { status, stderr } = spawnSync(
    'g++',
    ['-std=c++17', '-O1', '-o', program, source, '-lrocksdb'],
    { encoding: 'utf8' },
  )
  if (status === 0) return program
  isPeerThere(
    `g++ and librocksdb-dev (Debian packages) for ${name}: ${stderr ?? 'no compiler'}`,
    false,
  )
  return undefined
}
