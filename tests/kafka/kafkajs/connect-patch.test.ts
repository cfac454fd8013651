import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import '../../../src/kafka/kafkajs/library.ts'

const load = createRequire(import.meta.url)
const Connection = load('kafkajs/src/network/connection')
const socketFactory = load('kafkajs/src/network/socketFactory')
const silent = { debug() {}, error() {}, info() {}, warn() {}, namespace: () => silent }

it('two requests that find a connection closed open one socket, and what is closed can be opened again', async () => {
  let open = 0
  let opened = 0
  const server = createServer((socket) => {
    open++
    opened++
    socket.on('close', () => open--).on('error', () => {})
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const connection = new Connection({
    host: '127.0.0.1',
    port,
    logger: silent,
    socketFactory: socketFactory(),
    connectionTimeout: 1000,
    requestTimeout: 1000,
  })
  for (const times of [1, 2]) {
    await Promise.all([connection.connect(), connection.connect(), connection.connect()])
    await expect.poll(() => [open, opened]).toEqual([1, times])
    await connection.disconnect()
    await expect.poll(() => open).toBe(0)
  }
  await new Promise((resolve) => server.close(resolve))
})
