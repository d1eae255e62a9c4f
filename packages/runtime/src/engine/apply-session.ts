import type { ParsedStatement } from '@varve/sql'

import type { Session } from './session.ts'

/** Does what SET, UNSET, DEFINE and UNDEFINE say to the session; nothing for other statements. */
export function applySession({ statement }: ParsedStatement, session: Session): void {
  switch (statement.kind) {
    case 'set':
      session.setProperty(statement.property, statement.value)
      return
    case 'unset':
      session.unsetProperty(statement.property)
      return
    case 'define':
      session.setVariable(statement.name, statement.value)
      return
    case 'undefine':
      session.unsetVariable(statement.name)
      return
    default:
      return
  }
}
