import { execFile } from 'node:child_process'

import { javaArguments, type KafkaLine } from './kafka-jars.ts'

/** Runs a class of Kafka's jars to its end. Rejects with its output when it exits with another code than 0. */
export function runKafkaTool(
  line: KafkaLine,
  mainClass: string,
  args: readonly string[],
  timeoutMs = 180_000,
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      'java',
      [...javaArguments(line, '256m'), mainClass, ...args],
      { timeout: timeoutMs, maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(new Error(`${mainClass} failed: ${stderr || stdout}`, { cause: error }))
      },
    )
  })
}

/** The tool moved with its rewriting in Java. */
const dumpTool: Record<KafkaLine, string> = {
  '3': 'kafka.tools.DumpLogSegments',
  '4': 'org.apache.kafka.tools.DumpLogSegments',
}

/**
 * Kafka's own judgement of files of a partition (`.log`, `.index`, `.timeindex`, `.txnindex`, `.snapshot`): what its dump tool prints.
 * It names index entries that do not lead to their record, gaps and bad batches.
 */
export function dumpLogSegments(
  files: readonly string[],
  options: { readonly line?: KafkaLine; readonly verifyIndexOnly?: boolean } = {},
): Promise<string> {
  const line = options.line ?? '3'
  return runKafkaTool(line, dumpTool[line], [
    '--files',
    files.join(','),
    options.verifyIndexOnly === true ? '--verify-index-only' : '--deep-iteration',
  ])
}
