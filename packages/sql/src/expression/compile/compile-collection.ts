import type { Value } from '@varve/serde'

import type { TypedExpression } from '../typed-expression.ts'
import { guard, type CompileChild, type Evaluate } from './context.ts'

type Node<K extends TypedExpression['kind']> = Extract<TypedExpression, { kind: K }>

/** `a[i]`, 1-based, negative from the end, out of range null; `m[k]`, null when missing. */
export function compileSubscript(node: Node<'subscript'>, child: CompileChild): Evaluate {
  const base = child(node.base)
  const index = child(node.index)
  if (node.base.type?.kind === 'MAP') {
    return (key, value, context) => {
      const map = base(key, value, context)
      if (map === null) return null
      return (map as ReadonlyMap<Value, Value>).get(index(key, value, context)) ?? null
    }
  }
  return (key, value, context) => {
    const array = base(key, value, context) as readonly Value[] | null
    if (array === null) return null
    const at = index(key, value, context)
    if (at === null) return null
    const place = Number(at)
    return array[place < 0 ? array.length + place : place - 1] ?? null
  }
}

/** `struct->field`: null on a null struct. */
export function compileField(node: Node<'field'>, child: CompileChild): Evaluate {
  const base = child(node.base)
  const { index } = node
  return (key, value, context) => {
    const struct = base(key, value, context) as readonly Value[] | null
    return struct === null ? null : (struct[index] ?? null)
  }
}

/** `ARRAY[…]`: every element is guarded. */
export function compileArray(node: Node<'array'>, child: CompileChild): Evaluate {
  const elements = node.elements.map((element) => guard(child(element)))
  return (key, value, context) => elements.map((element) => element(key, value, context))
}

/** `MAP(…)`: every key and value is guarded. */
export function compileMap(node: Node<'map'>, child: CompileChild): Evaluate {
  const entries = node.entries.map((entry) => ({
    key: guard(child(entry.key)),
    value: guard(child(entry.value)),
  }))
  return (key, value, context) => {
    const map = new Map<Value, Value>()
    for (const entry of entries) {
      map.set(entry.key(key, value, context), entry.value(key, value, context))
    }
    return map
  }
}

/** `STRUCT(…)`: every field is guarded. */
export function compileStruct(node: Node<'struct'>, child: CompileChild): Evaluate {
  const fields = node.fields.map((field) => guard(child(field)))
  return (key, value, context) => fields.map((field) => field(key, value, context))
}

/** CASE: branches are evaluated as they are reached. */
export function compileCase(node: Node<'case'>, child: CompileChild): Evaluate {
  const branches = node.branches.map((branch) => ({
    when: child(branch.when),
    then: child(branch.then),
  }))
  const otherwise: Evaluate = node.otherwise === null ? () => null : child(node.otherwise)
  return (key, value, context) => {
    for (const branch of branches) {
      if (branch.when(key, value, context) === true) return branch.then(key, value, context)
    }
    return otherwise(key, value, context)
  }
}
