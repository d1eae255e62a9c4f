import { findCallSites, rootPath, searchedPackages, type CallSite } from './find-call-sites.ts'
import { unreachableSites } from './unreachable-sites.ts'

/** How the call sites of the engine fared. */
export interface CallSiteReport {
  readonly all: number
  /** Failed at least once. */
  readonly failed: readonly CallSite[]
  /** Reached, but never with a fault. */
  readonly spared: readonly CallSite[]
  /** Neither reached nor said to be unreachable. */
  readonly missed: readonly CallSite[]
  /** Said to be unreachable, with the reason. */
  readonly unreachable: readonly (readonly [CallSite, string])[]
  /** Said to be unreachable, but reached, or not there at all. */
  readonly stale: readonly string[]
  /** Different faults at different sites. */
  readonly pairs: number
}

/** Every place where the engine calls the file system, by the types of its text, which of them were reached, and with which faults. */
export class CallSites {
  /** Found first: the text may change while the drill runs. Parses and checks the engine, which takes seconds. */
  readonly #all = findCallSites()
  readonly #reached = new Set<string>()
  readonly #faults = new Map<string, Set<string>>()
  readonly #claims = new Map<string, number>()

  /** The call under way, whose stack tells where it came from, is reached; returns its place. */
  see(): string | undefined {
    const before = Error.stackTraceLimit
    Error.stackTraceLimit = 30
    const { stack = '' } = new Error('here')
    Error.stackTraceLimit = before
    for (const [, path, line] of stack.matchAll(/file:\/\/([^:)]*):(\d+):\d+/g)) {
      if (!path!.startsWith(rootPath)) continue
      const below = path!.slice(rootPath.length)
      if (!searchedPackages.some((name) => below.startsWith(`packages/${name}/src/`))) continue
      const place = `${below}:${line}`
      this.#reached.add(place)
      return place
    }
    return undefined
  }

  /** The call at `place` was made to fail. */
  failed(place: string | undefined, fault: string): void {
    if (place === undefined) return
    let faults = this.#faults.get(place)
    if (faults === undefined) this.#faults.set(place, (faults = new Set()))
    faults.add(fault)
  }

  /** Whether the fault is still to be tried at `place`, `max` times in all; false for calls that are not of the engine. */
  claim(place: string | undefined, fault: string, max: number): boolean {
    if (place === undefined) return false
    const key = `${place} ${fault}`
    const claims = (this.#claims.get(key) ?? 0) + 1
    this.#claims.set(key, claims)
    return claims <= max
  }

  compare(): CallSiteReport {
    const all = this.#all
    const reasonOf = (site: CallSite): string | undefined =>
      unreachableSites.get(`${site.name} ${site.method}`)
    const isReached = ({ place }: CallSite): boolean => this.#reached.has(place)
    const isFailed = ({ place }: CallSite): boolean => this.#faults.has(place)
    return {
      all: all.length,
      failed: all.filter(isFailed),
      spared: all.filter((site) => isReached(site) && !isFailed(site)),
      missed: all.filter((site) => !isReached(site) && reasonOf(site) === undefined),
      unreachable: all
        .filter((site) => !isReached(site) && reasonOf(site) !== undefined)
        .map((site) => [site, reasonOf(site)!] as const),
      stale: [...unreachableSites.keys()].filter((key) =>
        all.filter((site) => `${site.name} ${site.method}` === key).every(isReached),
      ),
      pairs: all.reduce((sum, { place }) => sum + (this.#faults.get(place)?.size ?? 0), 0),
    }
  }
}
