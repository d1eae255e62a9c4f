import { InvalidOptionError } from '@varve/base'

import type {
  AggregateFunction,
  LibraryFunction,
  ScalarFunction,
  TableFunction,
} from './function.ts'

/** Functions by name. Names are case-insensitive; built-in ones can be extended, not replaced. */
export interface FunctionRegistry {
  scalar(name: string): ScalarFunction | undefined
  aggregate(name: string): AggregateFunction | undefined
  table(name: string): TableFunction | undefined
  /** All functions, by name. */
  list(): readonly LibraryFunction[]
  /**
   * Adds a function.
   *
   * @throws InvalidOptionError when the name is taken.
   */
  add(definition: LibraryFunction): void
}

/** A registry with these functions. */
export function createRegistryOf(functions: Iterable<LibraryFunction>): FunctionRegistry {
  const byName = new Map<string, LibraryFunction>()
  const find = (name: string): LibraryFunction | undefined => byName.get(name.toUpperCase())
  const registry: FunctionRegistry = {
    scalar: (name) => ofKind(find(name), 'scalar'),
    aggregate: (name) => ofKind(find(name), 'aggregate'),
    table: (name) => ofKind(find(name), 'table'),
    list: () => [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    add(definition) {
      const name = definition.name.toUpperCase()
      if (byName.has(name)) throw new InvalidOptionError(name, 'a function of this name exists')
      byName.set(name, definition)
    },
  }
  for (const definition of functions) registry.add(definition)
  return registry
}

function ofKind<K extends LibraryFunction['kind']>(
  definition: LibraryFunction | undefined,
  kind: K,
): Extract<LibraryFunction, { readonly kind: K }> | undefined {
  return definition?.kind === kind
    ? (definition as Extract<LibraryFunction, { readonly kind: K }>)
    : undefined
}
