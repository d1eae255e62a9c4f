/**
 * For tests of clients: a transport that loses, delays, repeats and refuses requests.
 *
 * @packageDocumentation
 */
export { FaultyTransport, type FaultRule, type TransportFault } from './faulty-transport.ts'
