// The process that holds the device: what a driver does to it, a ward survives. It answers one request at a time, and
// reads them by blocking: it has nothing else to do. When the ward's process ends, its socket does, and so does this one.
// Run by `device-process.ts` as `node child.js [files]`, with the descriptors of `wire.ts`.

import { readSync, writeSync } from 'node:fs'
import { VigilError } from '../../errors.ts'
import type { ResidentState } from './resident.ts'
import { INLINE_BYTES, put, take } from './shared-file.ts'
import { lendSoftware } from './software.ts'
import { ANSWER, ANSWERED_FILE, ASK, ASKED_FILE, type Failure, HEAD, HEAD_BYTES, type Opening, SOCKET } from './wire.ts'

/** told by whoever started it */
const hasFiles = process.argv[2] === 'files'

const head = new Int32Array(HEAD)
const headBytes = new Uint8Array(head.buffer)
let payload = new Uint8Array(1 << 16)
let resident: ResidentState | undefined
let shape: Opening['shape'] | undefined

/** Fill bytes from the socket; false at its end. */
function fill(bytes: Uint8Array, length: number): boolean {
  for (let at = 0; at < length; ) {
    const got = readSync(SOCKET, bytes, at, length - at, null)
    if (got === 0) return false
    at += got
  }
  return true
}

function send(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(SOCKET, bytes, at, bytes.length - at)
}

function answer(kind: number, rows: number, bytes: Uint8Array, began: number): void {
  head[0] = kind
  head[1] = rows
  head[2] = bytes.length
  head[3] = (performance.now() - began) * 1000
  head[4] = hasFiles && bytes.length > INLINE_BYTES && put(ANSWERED_FILE, [bytes]) ? 1 : 0
  send(headBytes)
  if (head[4] === 0) send(bytes)
}

const NOTHING = new Uint8Array(0)
const bytesOf = (floats: Float32Array) => new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength)

async function handle(ask: number, rows: number, length: number): Promise<Uint8Array> {
  if (ask === ASK.open) {
    const opening = JSON.parse(Buffer.from(payload.subarray(0, rows)).toString()) as Opening
    if (opening.software) lendSoftware()
    // the library looks for drivers when it is loaded
    const { ResidentState } = await import('./resident.ts')
    resident = await ResidentState.open(payload.slice(rows, length), opening.shape, opening.rows)
    shape = opening.shape
    return NOTHING
  }
  if (resident === undefined || shape === undefined) throw new VigilError('engine-failed', 'the device is not open')
  const slots = new Int32Array(payload.buffer, 0, rows)
  const floats = () => new Float32Array(payload.buffer, 4 * rows, (length - 4 * rows) / 4)
  if (ask === ASK.step) return bytesOf(await resident.step(slots, floats(), rows))
  if (ask === ASK.read) return bytesOf(await resident.read(slots, rows))
  if (ask === ASK.write) await resident.write(slots, floats(), rows)
  else if (ask === ASK.close) await resident.close()
  else throw new VigilError('internal', `the device was asked for ${ask}`)
  return NOTHING
}

while (fill(headBytes, HEAD_BYTES)) {
  const [ask, rows, length] = head as unknown as [number, number, number]
  if (payload.length < length) payload = new Uint8Array(Math.max(length, 2 * payload.length))
  if (head[4] === 1) take(ASKED_FILE, payload, length)
  else if (!fill(payload, length)) break
  const began = performance.now()
  try {
    answer(ANSWER.done, rows, await handle(ask, rows, length), began)
  } catch (error) {
    const code = error instanceof VigilError ? error.code : 'engine-failed'
    const failure: Failure = { code, message: error instanceof Error ? error.message : String(error) }
    answer(ANSWER.failed, 0, Buffer.from(JSON.stringify(failure)), began)
  }
  if (ask === ASK.close) break
}
