import { bytewiseComparator, reverseBytewiseComparator, type Comparator } from '@varve/base'

/** Order by the name the descriptions use. */
export function comparatorOf(name: 'bytewise' | 'reverse'): Comparator {
  return name === 'reverse' ? reverseBytewiseComparator : bytewiseComparator
}
