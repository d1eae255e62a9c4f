/**
 * A typed client of the server, on `fetch` alone: Node, browsers, Deno, Bun.
 *
 * @packageDocumentation
 */
export {
  VarveClient,
  type ClientChange,
  type ClientQueryOptions,
  type VarveClientOptions,
} from './varve-client.ts'
export { ServerError } from './server-error.ts'
