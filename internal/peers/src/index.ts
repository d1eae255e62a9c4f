/**
 * Real programs that tests compare with.
 *
 * @packageDocumentation
 */
export { freePort } from './free-port.ts'
export { isKafkaInstalled, javaArguments, type KafkaLine } from './kafka-jars.ts'
export { dumpLogSegments, runKafkaTool } from './run-java.ts'
export { startKafka, type RunningKafka, type StartKafkaOptions } from './start-kafka.ts'
export {
  buildRocksdbCheck,
  hasJava,
  hasRocksdbTools,
  rocksdbVersions,
  runRocksdbJni,
} from './rocksdb/judge-programs.ts'
export { runProgram, type ProgramEnd } from './rocksdb/run-program.ts'
