import type { Kafka, Producer } from '@varve/kafka'

import type { StateStorage } from '../src/index.ts'

/** Steps of a commit around which something can go wrong. */
export const commitSteps = [
  'flush',
  'sendOffsets',
  'commitTransaction',
  'after commitTransaction',
  'apply',
  'after apply',
] as const

/** One of {@link commitSteps}. */
export type CommitStep = (typeof commitSteps)[number]

/** What is to go wrong: at the n-th time of a step. Dead from then on, if `kill`. */
export class FaultPlan {
  readonly step: CommitStep
  readonly error: () => Error
  readonly kill: boolean
  dead = false
  #left: number

  constructor(step: CommitStep, times: number, kill: boolean, error: () => Error) {
    this.step = step
    this.#left = times
    this.kill = kill
    this.error = error
  }

  at(step: CommitStep): void {
    if (step !== this.step || --this.#left !== 0) return
    this.dead = this.kill
    throw this.error()
  }
}

/** The client with a producer that fails as planned. A dead one leaves its transaction open, as a killed process does. */
export function faultyKafka(kafka: Kafka, plan: FaultPlan): Kafka {
  return {
    admin: kafka.admin,
    consumer: (options) => kafka.consumer(options),
    groupMember: (options) => kafka.groupMember(options),
    producer: (options) => faultyProducer(kafka.producer(options), plan),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

function faultyProducer(producer: Producer, plan: FaultPlan): Producer {
  return {
    init: () => producer.init(),
    beginTransaction: () => producer.beginTransaction(),
    send: (record, onAck) => producer.send(record, onAck),
    ready: () => producer.ready(),
    async flush() {
      plan.at('flush')
      await producer.flush()
    },
    async sendOffsets(offsets, group) {
      plan.at('sendOffsets')
      await producer.sendOffsets(offsets, group)
    },
    async commitTransaction() {
      plan.at('commitTransaction')
      await producer.commitTransaction()
      plan.at('after commitTransaction')
    },
    abortTransaction: () => (plan.dead ? Promise.resolve() : producer.abortTransaction()),
    close: () => (plan.dead ? Promise.resolve() : producer.close()),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** The storage with databases that fail as planned. */
export function faultyStorage(storage: StateStorage, plan: FaultPlan): StateStorage {
  return {
    listTasks: (applicationId) => storage.listTasks(applicationId),
    remove: (applicationId, taskId) => storage.remove(applicationId, taskId),
    acquire: (applicationId) => storage.acquire(applicationId),
    async open(applicationId, taskId, families) {
      const db = await storage.open(applicationId, taskId, families)
      return {
        get: (family, key) => db.get(family, key),
        scan: (family, range) => db.scan(family, range),
        write(writes) {
          plan.at('apply')
          db.write(writes)
          plan.at('after apply')
        },
        clear: (family) => db.clear(family),
        close: () => db.close(),
      }
    },
  }
}
