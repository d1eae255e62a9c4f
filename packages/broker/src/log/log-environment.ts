import type { Clock } from '@varve/base'
import type { FileSystem } from '@varve/vfs'

import type { FlushPolicy } from '../broker-options.ts'
import type { FilePool } from './file-pool.ts'

/** What every log of a broker needs from around it. */
export interface LogEnvironment {
  readonly fileSystem: FileSystem
  readonly files: FilePool
  readonly clock: Clock
  readonly flush: FlushPolicy
  readonly onBackgroundError: (error: unknown) => void
}
