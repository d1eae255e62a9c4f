import type {
  Admin,
  Consumer,
  ConsumerOptions,
  GroupMember,
  GroupMemberOptions,
  Kafka,
  KafkaOptions,
  Producer,
  ProducerOptions,
} from './client.ts'
import { KafkaAdmin } from './admin/kafka-admin.ts'
import { Cluster } from './cluster/cluster.ts'
import { KafkaConsumer } from './consumer/kafka-consumer.ts'
import { KafkaGroupMember } from './group/kafka-group-member.ts'
import { KafkaProducer } from './producer/kafka-producer.ts'

/**
 * A client over a transport. Closing it closes what it made; the transport stays its owner's.
 *
 * @example
 * ```ts
 * await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
 * await using kafka = createKafka({ transport: broker })
 * await kafka.admin.createTopic({ name: 'orders', partitionCount: 2 })
 * ```
 */
export function createKafka(options: KafkaOptions): Kafka {
  return new KafkaClient(options)
}

/** The {@link Kafka} that keeps its children and closes them. */
export class KafkaClient implements Kafka {
  readonly admin: Admin
  readonly #cluster: Cluster
  readonly #children = new Set<{ close(): Promise<void> }>()
  readonly #onClose: (() => Promise<void>) | undefined

  constructor(options: KafkaOptions, onClose?: () => Promise<void>) {
    this.#cluster = new Cluster(options)
    this.admin = new KafkaAdmin(this.#cluster)
    this.#onClose = onClose
  }

  consumer(options?: ConsumerOptions): Consumer {
    return this.#keep((onClosed) => new KafkaConsumer(this.#cluster, options, onClosed))
  }

  producer(options?: ProducerOptions): Producer {
    return this.#keep((onClosed) => new KafkaProducer(this.#cluster, options, onClosed))
  }

  groupMember(options: GroupMemberOptions): GroupMember {
    return this.#keep((onClosed) => new KafkaGroupMember(this.#cluster, options, onClosed))
  }

  async close(): Promise<void> {
    const results = await Promise.allSettled([...this.#children].map((child) => child.close()))
    this.#children.clear()
    this.#cluster.close()
    await this.#onClose?.()
    const failures = results.filter((result) => result.status === 'rejected')
    if (failures.length === 1) throw failures[0]!.reason
    if (failures.length > 1) {
      throw new AggregateError(
        failures.map((failure) => failure.reason as unknown),
        'parts of the Kafka client failed to close',
      )
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #keep<T extends { close(): Promise<void> }>(create: (onClosed: () => void) => T): T {
    const child = create(() => this.#children.delete(child))
    this.#children.add(child)
    return child
  }
}
