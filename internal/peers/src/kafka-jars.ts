import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Which Kafka: 3.9 or 4.x. */
export type KafkaLine = '3' | '4'

const here = fileURLToPath(new URL('..', import.meta.url))

/** Folder that `install` filled with the jars of a line. */
function kafkaJars(line: KafkaLine): string {
  return `${here}target/kafka-${line}`
}

/** Whether `install` was run for that line. */
export function isKafkaInstalled(line: KafkaLine): boolean {
  return existsSync(`${kafkaJars(line)}/.complete`)
}

/** Arguments of `java` before the class to run. */
export function javaArguments(line: KafkaLine, heap: string): string[] {
  const logging =
    line === '3'
      ? `-Dlog4j.configuration=file:${here}conf/log4j.properties`
      : `-Dlog4j2.configurationFile=${here}conf/log4j2.properties`
  return [`-Xmx${heap}`, '-Djava.awt.headless=true', logging, '-cp', `${kafkaJars(line)}/*`]
}
