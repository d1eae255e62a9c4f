import { ChangeDecoder, DebeziumTable } from '@varve/cdc-debezium'
import { Kafka } from 'kafkajs'

const [decoder, table] = [new ChangeDecoder(), new DebeziumTable()]
const consumer = new Kafka({ brokers: [process.env['BROKER']!] }).consumer({ groupId: 'orders' })
await consumer.connect()
await consumer.subscribe({ topic: process.env['TOPIC']!, fromBeginning: true })
await consumer.run({
  eachMessage: async ({ topic, partition, message: { key, value, offset } }) => {
    const effect = table.apply(decoder.decode({ topic, key, value }), { partition, offset })
    if (effect.kind === 'insert' || effect.kind === 'update') console.log(effect.kind, effect.after)
  },
})
