import { connect, createServer, type Server, type Socket } from 'node:net'
import { address, LOOPBACK } from './address.ts'

/** A TCP proxy that can stop forwarding without closing anything: a network that stalls, as a client meets it. */
export interface FreezingProxy {
  /** HOST:PORT it listens on */
  readonly address: string
  /** connections that are open now */
  readonly connections: number
  /** Nothing is forwarded any more, either way; new connections are accepted and hear nothing. No byte is lost. */
  freeze(): void
  /** Forward what has waited, and go on. */
  thaw(): void
  /** Reset every open connection, as a network that comes back without its state does. New ones are served. */
  cut(): void
  close(): Promise<void>
}

/**
 * @param target HOST:PORT to forward to; a connection that it refuses is reset
 * @param port to listen on; 0 takes a free one
 */
export async function freezingProxy(target: string, port = 0): Promise<FreezingProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let frozen = false

  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (near) => {
    const far = connect({ ...address(target), allowHalfOpen: true })
    const pair = [near, far] as const
    pairs.add(pair)
    const drop = (): void => {
      pairs.delete(pair)
      for (const socket of pair) socket.resetAndDestroy()
    }
    for (const [from, to] of [pair, [far, near] as const]) {
      from.setNoDelay(true)
      from.pause()
      // not `pipe`, which reads on when the other side drains, frozen or not
      from.on('data', (bytes) => {
        if (!to.write(bytes)) from.pause()
      })
      to.on('drain', () => void (frozen || from.resume()))
      from.on('end', () => to.end())
      from.on('error', drop)
      from.on('close', () => void (near.closed && far.closed && pairs.delete(pair)))
    }
    far.on('connect', () => frozen || pair.forEach((socket) => void socket.resume()))
  })
  await listening(server, port)
  const here = `${LOOPBACK}:${(server.address() as { port: number }).port}`

  function cut(): void {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy()
    pairs.clear()
  }
  return {
    address: here,
    get connections() {
      return pairs.size
    },
    freeze() {
      frozen = true
      for (const pair of pairs) for (const socket of pair) socket.pause()
    },
    thaw() {
      frozen = false
      for (const pair of pairs) for (const socket of pair) socket.resume()
    },
    cut,
    close() {
      cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, LOOPBACK, resolve)
  })
}
