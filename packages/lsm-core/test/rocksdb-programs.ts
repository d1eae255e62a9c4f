import { spawnSync } from 'node:child_process'

import { isPeerThere } from '@varve/base/testing'

/** Whether RocksDB's command line tools are there; see {@link isPeerThere}. */
export function hasRocksdbTools(...tools: readonly ('ldb' | 'sst_dump')[]): boolean {
  const areThere = tools.every((tool) => spawnSync('which', [tool]).status === 0)
  return isPeerThere(`${tools.join(' and ')} (Debian package rocksdb-tools)`, areThere)
}
