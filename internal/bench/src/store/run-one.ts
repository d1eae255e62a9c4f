/**
 * One measurement in a process of its own: `run-one.ts ENGINE WORKLOAD DIRECTORY ENTRIES [fill]`. Prints one line of JSON.
 * `fill` writes the start state of the workload instead of running it.
 */
import { engineNamed } from './engines.ts'
import { fill, workloads } from './workloads.ts'

const [engineName, workloadName, directory, entriesText, mode] = process.argv.slice(2)
const workload = workloads.find(({ name }) => name === workloadName)!
const entries = Number(entriesText)
const engine = await engineNamed(engineName!)
const store = await engine.open(directory!, {
  cacheBytes: 256 << 20,
  writeBufferBytes: 64 << 20,
})
let line: Record<string, number>
if (mode === 'fill') {
  await fill(store, entries, workload.valueBytes)
  line = {}
} else {
  const cpuBefore = process.cpuUsage()
  const threadBefore = process.threadCpuUsage()
  const { units, seconds } = await workload.run(store, entries)
  const cpu = process.cpuUsage(cpuBefore)
  const thread = process.threadCpuUsage(threadBefore)
  line = {
    units,
    seconds,
    cpuMicros: (cpu.user + cpu.system) / units,
    threadCpuMicros: (thread.user + thread.system) / units,
    maxRssMiB: process.resourceUsage().maxRSS / 1024,
  }
}
await store.close()
console.log(JSON.stringify(line))
