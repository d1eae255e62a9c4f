import { cpus, totalmem } from 'node:os'

import { rate, type Comparison } from './measure.ts'

/** Where the figures come from. */
export function machineLine(): string {
  const [cpu] = cpus()
  return `Node ${process.versions.node}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}`
}

/** A Markdown table; `ratio` is ours (the first line of a comparison) to each peer. */
export function markdown(comparisons: readonly Comparison[]): string {
  const lines = [
    machineLine(),
    '',
    '| workload | contender | median /s | min … max | ratio | more |',
    '|---|---|---|---|---|---|',
  ]
  for (const c of comparisons) {
    const ours = c.figures[0]!
    for (const [i, f] of c.figures.entries()) {
      const more = Object.entries(f.extra).map(([k, v]) => `${k} ${v.toFixed(2)}`)
      lines.push(
        `| ${i === 0 ? `${c.title} (${c.conditions})` : ''} | ${f.name} | ${rate(f.median)} ${c.unit} | ${rate(f.min)} … ${rate(f.max)} | ${i === 0 ? '' : `${(ours.median / f.median).toFixed(2)} ×`} | ${more.join(', ')} |`,
      )
    }
  }
  return lines.join('\n')
}
