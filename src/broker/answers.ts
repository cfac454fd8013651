import { connect } from 'node:net'
import { address } from './address.ts'

/** An ApiVersions request, version 0, of a client without a name: what every broker answers before any log-in. */
const API_VERSIONS = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff])
/** length, correlation id, error code */
const ANSWER_HEAD = 10

/**
 * Whether a Kafka broker answers at a plaintext address: not merely an open port, which a starting broker has too.
 * @param server HOST:PORT
 * @param timeoutMs of one try
 */
export function answers(server: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address(server))
    let heard = Buffer.alloc(0)
    const end = (answered: boolean): void => {
      socket.destroy()
      resolve(answered)
    }
    socket.setTimeout(timeoutMs, () => end(false))
    socket.on('error', () => end(false))
    socket.on('close', () => end(false))
    socket.on('connect', () => socket.write(API_VERSIONS))
    socket.on('data', (bytes) => {
      heard = Buffer.concat([heard, bytes])
      if (heard.length >= ANSWER_HEAD) end(heard.readInt32BE(4) === 1 && heard.readInt16BE(8) === 0)
    })
  })
}
