import { CorruptionError, UnsupportedError } from '@varve/base'

import type { PropertyValue } from '../engine/session.ts'
import type { Operation } from './operation.ts'

/** Version of the command format that is written; a reader stops at a newer one rather than skip it. */
export const commandFormatVersion = 1

/** One record of the command topic. */
export interface Command {
  readonly version: number
  /** `type/entity/action`, the key of the record. */
  readonly id: string
  /** Offset of the last accepted command that the author knew of, -1 for none. The command counts only if that was still the last one. */
  readonly after: number
  readonly statement: string
  readonly properties: Readonly<Record<string, PropertyValue>>
  readonly operation: Operation
}

/** The bytes of a command record. */
export function encodeCommand(command: Command): { key: Uint8Array; value: Uint8Array } {
  const encoder = new TextEncoder()
  return {
    key: encoder.encode(JSON.stringify(command.id)),
    value: encoder.encode(JSON.stringify(command)),
  }
}

/**
 * The command of a record.
 *
 * @throws UnsupportedError when it is of a newer format
 * @throws CorruptionError when it is no command at all
 */
export function decodeCommand(value: Uint8Array | null, topic: string, offset: number): Command {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value ?? new Uint8Array()))
  } catch (cause) {
    throw new CorruptionError('command is not JSON', { file: topic, offset, cause })
  }
  const command = parsed as Partial<Command> | null
  if (typeof command !== 'object' || command === null || typeof command.version !== 'number') {
    throw new CorruptionError('command has no version', { file: topic, offset })
  }
  if (command.version > commandFormatVersion) {
    throw new UnsupportedError(
      `command format ${command.version} in "${topic}" at offset ${offset}: this version reads up to ${commandFormatVersion}`,
    )
  }
  if (
    typeof command.id !== 'string' ||
    typeof command.after !== 'number' ||
    typeof command.statement !== 'string' ||
    typeof command.operation !== 'object'
  ) {
    throw new CorruptionError('command is incomplete', { file: topic, offset })
  }
  return command as Command
}
