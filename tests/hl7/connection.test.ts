import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { converse } from '../../src/hl7/connection.ts'
import { framed } from '../../src/hl7/mllp.ts'
import { readMessage } from '../../src/hl7/read.ts'
import { options, oru } from './messages.ts'

/** A peer whose side of the connection takes nothing: what is written to it waits for ever. */
class Deaf extends Duplex {
  override _read(): void {}
  override _write(): void {}
  setKeepAlive = () => this
  setNoDelay = () => this
}

test('a sender that never reads its acknowledgements is let go before they fill the memory', async () => {
  const socket = new Deaf()
  const because = new Promise((resolve) => {
    let serial = 0
    converse(socket as unknown as Socket, {
      read: (bytes) => readMessage(bytes, options),
      keep: async () => {},
      answered: () => {},
      closed: resolve,
      messageMs: 1000,
      largest: 100_000,
      nextControl: () => `${serial++}`,
    })
  })
  const flood = framed(oru())
  let most = 0
  while (!socket.destroyed) {
    socket.push(flood)
    most = Math.max(most, socket.writableLength)
    await new Promise((turn) => setImmediate(turn))
  }
  expect(await because).toBe('deaf')
  expect(most).toBeLessThan(1_100_000)
})
