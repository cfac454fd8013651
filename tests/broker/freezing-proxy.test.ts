import { randomBytes } from 'node:crypto'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePorts } from '../../src/broker/free-ports.ts'
import { type FreezingProxy, freezingProxy } from '../../src/broker/freezing-proxy.ts'

let echo: Server
let proxy: FreezingProxy
const open: Socket[] = []
beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  proxy = await freezingProxy(`127.0.0.1:${(echo.address() as { port: number }).port}`)
})
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy()
  await proxy.close()
  await new Promise((resolve) => echo.close(resolve))
})

/** A client of the proxy, and what it has heard. */
function client(): { socket: Socket; heard: Buffer[]; bytes(count: number): Promise<Buffer>; reset: Promise<string> } {
  const socket = connect(Number(proxy.address.split(':')[1]), '127.0.0.1')
  open.push(socket)
  const heard: Buffer[] = []
  let length = 0
  let look = (): void => undefined
  socket.on('data', (bytes) => {
    heard.push(bytes)
    length += bytes.length
    look()
  })
  const reset = new Promise<string>((resolve) =>
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code!)),
  )
  const bytes = (count: number) =>
    new Promise<Buffer>((resolve) => {
      look = () => void (length >= count && resolve(Buffer.concat(heard)))
      look()
    })
  return { socket, heard, bytes, reset }
}

test('what is sent comes back, whatever its size, and an end is passed on', async () => {
  const { socket, bytes } = client()
  const sent = randomBytes(3_000_000)
  socket.end(sent)
  expect((await bytes(sent.length)).equals(sent)).toBe(true)
  await new Promise((resolve) => socket.once('close', resolve))
  while (proxy.connections > 0) await sleep(5)
})

test('frozen, nothing comes, for a new connection neither; thawed, every byte does', async () => {
  const first = client()
  first.socket.write('a')
  await first.bytes(1)
  proxy.freeze()
  const sent = randomBytes(2_000_000)
  first.socket.write(sent)
  const second = client()
  second.socket.write('new')
  await sleep(200)
  expect([Buffer.concat(first.heard).length, second.heard.length]).toEqual([1, 0])
  proxy.thaw()
  expect((await first.bytes(1 + sent.length)).subarray(1).equals(sent)).toBe(true)
  expect(String(await second.bytes(3))).toBe('new')
})

test('frozen in the middle of a stream it holds what waits, and loses none of it', async () => {
  const { socket, heard, bytes } = client()
  const sent = randomBytes(20_000_000)
  socket.write(sent)
  await bytes(1)
  proxy.freeze()
  // what the kernel had taken still comes, and then nothing
  const length = () => Buffer.concat(heard).length
  for (let before = -1; before !== length(); await sleep(300)) before = length()
  expect(length()).toBeLessThan(sent.length)
  proxy.thaw()
  expect((await bytes(sent.length)).equals(sent)).toBe(true)
})

test('cut, connections are reset and new ones served', async () => {
  const { socket, bytes, reset } = client()
  socket.write('a')
  await bytes(1)
  proxy.cut()
  expect(await reset).toBe('ECONNRESET')
  expect(proxy.connections).toBe(0)
  const again = client()
  again.socket.write('b')
  expect(String(await again.bytes(1))).toBe('b')
})

test('a target that refuses is a reset', async () => {
  const nowhere = await freezingProxy(`127.0.0.1:${(await freePorts(1))[0]}`)
  const socket = connect(Number(nowhere.address.split(':')[1]), '127.0.0.1')
  expect(
    await new Promise((resolve) => socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))),
  ).toBe('ECONNRESET')
  await nowhere.close()
})
