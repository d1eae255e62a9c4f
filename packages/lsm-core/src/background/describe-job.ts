import type { Compaction, JobResult } from '@varve/compaction'
import { tableFileName, type FileMetadata } from '@varve/manifest'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { CompactionInfo, TableFileInfo } from '../options/event-listener.ts'

/** A table as listeners see it. */
export function tableFileInfo({ number, fileSizeBytes }: FileMetadata): TableFileInfo {
  return { fileNumber: number, fileName: tableFileName(number), sizeBytes: fileSizeBytes }
}

/** A compaction as listeners see it when it begins. */
export function compactionInfo(family: ColumnFamily, compaction: Compaction): CompactionInfo {
  const { reason, kind, inputs, outputLevel } = compaction
  return {
    columnFamilyName: family.name,
    reason,
    kind,
    inputLevel: inputs[0]?.level ?? outputLevel,
    outputLevel,
    inputFiles: inputs.flatMap(({ files }) => files.map(tableFileInfo)),
  }
}

/** Outputs of a job, for the `LOG`. */
export function outputsText({ outputs }: Pick<JobResult, 'outputs'>): string {
  if (outputs.length === 0) return 'nothing'
  return outputs
    .map(({ file }) => `${tableFileName(file.number)} (${file.fileSizeBytes} bytes)`)
    .join(', ')
}
