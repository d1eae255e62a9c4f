/** One side of a comparison: prepares, runs the timed part, cleans up. */
export interface Contender {
  readonly name: string
  /** Runs once and says how many units were done in how many seconds; more figures may come along. */
  run(): Promise<Sample>
}

export interface Sample {
  /** Operations, events or queries done. */
  readonly units: number
  readonly seconds: number
  /** Further figures of this run by name, e.g. `p99 ms`. */
  readonly extra?: Readonly<Record<string, number>>
}

/** Median and spread of one contender over all rounds. */
interface Figure {
  readonly name: string
  /** Units per second. */
  readonly median: number
  readonly min: number
  readonly max: number
  readonly rounds: number
  /** Medians of the further figures. */
  readonly extra: Readonly<Record<string, number>>
}

/** Result of one comparison; ratios are to the first contender after ours. */
export interface Comparison {
  readonly title: string
  /** What is counted: `puts`, `events`, … */
  readonly unit: string
  /** Sizes and guarantees, in words. */
  readonly conditions: string
  readonly figures: readonly Figure[]
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Runs the contenders in turn, `rounds` times over, so that what the machine does meanwhile falls on all of them. */
export async function compare(
  title: string,
  unit: string,
  conditions: string,
  contenders: readonly Contender[],
  rounds: number,
  progress: (line: string) => void,
): Promise<Comparison> {
  const samples = new Map<string, Sample[]>(contenders.map((c) => [c.name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) {
      const sample = await contender.run()
      samples.get(contender.name)!.push(sample)
      progress(
        `  ${title}, round ${round}/${rounds}, ${contender.name}: ${rate(sample.units / sample.seconds)} ${unit}/s`,
      )
    }
  }
  const figures = contenders.map((contender): Figure => {
    const own = samples.get(contender.name)!
    const rates = own.map((s) => s.units / s.seconds)
    const extraNames = Object.keys(own[0]?.extra ?? {})
    return {
      name: contender.name,
      median: median(rates),
      min: Math.min(...rates),
      max: Math.max(...rates),
      rounds,
      extra: Object.fromEntries(extraNames.map((n) => [n, median(own.map((s) => s.extra![n]!))])),
    }
  })
  return { title, unit, conditions, figures }
}

/** A rate in the form a reader takes in at a glance. */
export function rate(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`
  if (value >= 1e3) return `${(value / 1e3).toFixed(1)} k`
  return value.toFixed(value < 10 ? 2 : 0)
}
