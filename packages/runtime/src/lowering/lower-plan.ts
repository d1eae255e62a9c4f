import { UnsupportedError } from '@varve/base'
import type { PlanNode } from '@varve/sql'

import { lowerAggregate } from './aggregate.ts'
import { lowerFilter } from './filter.ts'
import { lowerFlatMap } from './flat-map.ts'
import type { Flow } from './flow.ts'
import { lowerForeignKeyJoin } from './foreign-key-join.ts'
import type { LoweringContext } from './lowering-context.ts'
import { lowerPartitionBy } from './partition-by.ts'
import { lowerProject } from './project.ts'
import { lowerSink } from './sink.ts'
import { lowerStreamSource } from './stream-source.ts'
import { lowerStreamStreamJoin } from './stream-stream-join.ts'
import { lowerStreamTableJoin } from './stream-table-join.ts'
import { lowerTableRepartition } from './table-repartition.ts'
import { lowerTableSource } from './table-source.ts'
import { lowerTableTableJoin } from './table-table-join.ts'

/** Turns a node of a physical plan, and all that feeds it, into operators of the DSL. */
export function lowerNode(node: PlanNode, context: LoweringContext): Flow {
  switch (node.kind) {
    case 'streamSource':
      return lowerStreamSource(node, context)
    case 'tableSource':
      return lowerTableSource(node, context)
    case 'filter':
      return lowerFilter(node, context)
    case 'project':
      return lowerProject(node, context)
    case 'partitionBy':
      return lowerPartitionBy(node, context)
    case 'aggregate':
      return lowerAggregate(node, context)
    case 'suppress':
      // The aggregate below already sends closed windows only, see LoweringContext.emitFinal.
      return context.lower(node.source)
    case 'streamTableJoin':
      return lowerStreamTableJoin(node, context)
    case 'streamStreamJoin':
      return lowerStreamStreamJoin(node, context)
    case 'tableRepartition':
      return lowerTableRepartition(node, context)
    case 'tableTableJoin':
      return lowerTableTableJoin(node, context)
    case 'flatMap':
      return lowerFlatMap(node, context)
    case 'sink':
      return lowerSink(node, context)
    case 'foreignKeyJoin':
      return lowerForeignKeyJoin(node, context)
    case 'groupBy':
      throw new UnsupportedError(`plan node "${node.kind}" at step "${node.step}"`)
  }
}
