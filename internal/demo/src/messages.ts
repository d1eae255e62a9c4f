import type { LoadTarget } from '@varve/internal-load'

/** What the demo asks of the process that hosts the engine: to play the part of whoever writes the input topics. */
export type Request =
  | { readonly kind: 'prepare-change-topics' }
  | { readonly kind: 'produce-captured'; readonly topic: string }
  | { readonly kind: 'end-offsets'; readonly topic: string; readonly partitionCount: number }
  | { readonly kind: 'load-readings'; readonly target: LoadTarget; readonly firstTime: number }
  | { readonly kind: 'load-submissions'; readonly target: LoadTarget; readonly firstTime: number }
  | { readonly kind: 'close' }

/** What that process says. */
export type Reply =
  | { readonly kind: 'ready'; readonly url: string }
  | {
      readonly kind: 'done'
      readonly request: Request['kind']
      readonly result?: readonly number[]
    }
  | { readonly kind: 'progress'; readonly request: Request['kind']; readonly sent: number }
  | {
      readonly kind: 'failed'
      readonly request: Request['kind'] | 'start'
      readonly message: string
    }
