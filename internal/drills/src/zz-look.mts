import { readCommitted } from '@varve/internal-load'
import { Engine } from '@varve/runtime'
const engine = await Engine.open({ directory: '/tmp/varve-runtime/drill' })
const topics = (await engine.kafka.admin.listTopics()).map(t => t.name + ':' + t.partitionCount)
console.log(topics)
const dec = new TextDecoder()
const collect = async (topic: string) => { const m = new Map<number, number>(); await readCommitted(engine.kafka, topic, (r: any) => { const n = JSON.parse(dec.decode(r.value!)).N; m.set(n, (m.get(n) ?? 0) + 1) }); return m }
const inputs = await collect('inputs')
const rep = await collect(topics.map(t => t.split(':')[0]!).find(t => t.endsWith('-repartition'))!)
console.log('inputs', inputs.size, 'dups', [...inputs].filter(([,c]) => c > 1).length, 'repartition', rep.size, 'dups', [...rep].filter(([, c]) => c > 1).length)
console.log('missing in repartition', [...inputs.keys()].filter(n => !rep.has(n)).slice(0, 20), 'extra', [...rep.keys()].filter(n => !inputs.has(n)).slice(0, 20))
console.log(await engine.query('SELECT * FROM groups;', { rows: 'array' }))
const groups = engine.queries[1]!
console.log(engine.metrics().queries)
process.exit(0)
