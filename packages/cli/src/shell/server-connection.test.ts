import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterEach, expect, test } from 'vitest'

import {
  columnNames,
  ServerConnection,
  ServerError,
  type QueryElement,
} from './server-connection.ts'

const settings = { properties: {}, variables: {} }
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function serve(listener: RequestListener): Promise<ServerConnection> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return new ServerConnection(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
}

test('the elements of a query arrive one by one, whole numbers exact', async () => {
  const connection = await serve((_request, response) => {
    response.write(
      '[{"header":{"queryId":"q","schema":"`id` BIGINT KEY, `S` STRUCT<`A` INTEGER, `B` STRING>"}},\n',
    )
    response.write(
      '\n{"row":{"columns":[9007199254740993,{"A":1}]}},\n{"row":{"tombstone":true,"columns":[1,null]}},\n',
    )
    response.end('{"finalMessage":"Query Completed"}]')
  })
  const elements: QueryElement[] = []
  for await (const element of connection.query('SELECT', settings)) elements.push(element)
  expect(elements).toEqual([
    { kind: 'header', queryId: 'q', columns: ['id', 'S'] },
    { kind: 'row', values: [9007199254740993n, { A: 1 }], tombstone: false },
    { kind: 'row', values: [1, null], tombstone: true },
    { kind: 'final', message: 'Query Completed' },
  ])
})

test('an element is handed on before the separator behind it arrives', async () => {
  const connection = await serve((_request, response) => {
    response.write('[{"header":{"queryId":"q","schema":"`id` BIGINT"}},\n{"row":{"columns":[1]}}')
  })
  const stop = new AbortController()
  for await (const element of connection.query('SELECT', settings, stop.signal)) {
    if (element.kind === 'row') {
      expect(element.values).toEqual([1])
      break
    }
  }
  stop.abort()
})

test("an error is the server's own text with its code", async () => {
  const connection = await serve((_request, response) => {
    response.statusCode = 400
    response.end('{"@type":"statement_error","error_code":40001,"message":"line 1:3: no"}')
  })
  await expect(connection.execute('x', settings)).rejects.toMatchObject({
    message: 'line 1:3: no',
    errorCode: 40001,
  })
})

test('an absent server is named', async () => {
  await expect(new ServerConnection('http://127.0.0.1:1').info()).rejects.toThrow(ServerError)
  await expect(new ServerConnection('http://127.0.0.1:1').info()).rejects.toThrow(
    'http://127.0.0.1:1',
  )
})

test('column names keep commas and doubled quotes', () => {
  expect(columnNames('`a,b` INTEGER, `c``d` DECIMAL(3, 2), `e` MAP<STRING, INTEGER>')).toEqual([
    'a,b',
    'c`d',
    'e',
  ])
})
