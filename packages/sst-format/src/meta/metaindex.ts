import { ByteWriter, utf8Bytes } from '@varve/base'

import { BlockBuilder } from '../block/block-builder.ts'
import { encodeBlockHandle, type BlockHandle } from '../block/block-handle.ts'

/** Encodes the metaindex block: where each meta block is, by name. */
export function encodeMetaindex(handles: ReadonlyMap<string, BlockHandle>): Uint8Array {
  const builder = new BlockBuilder(1, 512)
  const value = new ByteWriter(32)
  for (const name of [...handles.keys()].sort()) {
    encodeBlockHandle(value.clear(), handles.get(name)!)
    builder.add(utf8Bytes(name), value.view())
  }
  return builder.finish()
}
