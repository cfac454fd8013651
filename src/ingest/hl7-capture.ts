import { VigilError } from '../errors.ts'
import { CaptureSplitter } from '../hl7/capture.ts'
import { UNCODED } from '../hl7/observation.ts'
import { type ReadOptions, readMessage } from '../hl7/read.ts'
import type { Input } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { at, type Rejection, reject } from '../vitals/rejection.ts'
import { decodeEncounter } from './decode-control.ts'
import { decodeMessage } from './decode-reading.ts'

export interface CaptureOptions {
  readonly table: ChannelTable
  readonly reading: ReadOptions
}

/** What one message says: readings, an admission or another movement as a control message, or why not. */
export function* messageInputs(bytes: Buffer, options: CaptureOptions, unmapped: Set<string>): Generator<Input> {
  const { table, reading } = options
  const read = readMessage(bytes, reading)
  if (read.refusal !== undefined) return yield reject('bad-record', read.refusal.text, read.refusal.place)
  for (const wire of read.readings) {
    const decoded = decodeMessage(wire, table, 'replay')
    if (decoded.reading !== undefined) yield decoded.reading
    yield* decoded.rejections
  }
  // as it goes through Kafka, where the pipeline meets it live
  if (read.encounter !== undefined) yield decodeEncounter(JSON.stringify(read.encounter))
  yield* read.rejections
  for (const code of read.unmapped) {
    if (unmapped.has(code) || unmapped.size > 1000) continue
    unmapped.add(code)
    yield reject(
      'unknown-channel',
      code === UNCODED ? 'no channel has this code' : `no channel has the code ${code}`,
      'OBX-3',
    )
  }
}

const NO_MESSAGE: Readonly<Record<'stray' | 'cut' | 'too-long', Rejection>> = {
  stray: reject('bad-record', 'text stands outside any message'),
  cut: reject('bad-record', 'the message is cut: another one begins inside of it'),
  'too-long': reject('too-long', 'the message is longer than the limit'),
}

/**
 * Readings and control messages out of a capture of HL7 v2. The line of a rejection is the number of the message in the file.
 * @throws VigilError recording-unreadable where the last message of a framed capture is cut, after everything before it
 */
export async function* captureInputs(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  options: CaptureOptions,
): AsyncGenerator<{ inputs: Input[] }> {
  const splitter = new CaptureSplitter()
  const unmapped = new Set<string>()
  let number = 0
  function* inputs(captured: ReturnType<CaptureSplitter['take']>): Generator<Input> {
    for (const it of captured) {
      number++
      if (it.kind !== 'message') yield at(NO_MESSAGE[it.kind], path, number)
      else
        for (const input of messageInputs(it.bytes, options, unmapped))
          yield input.kind === 'rejection' ? at(input, path, number) : input
    }
  }
  for await (const chunk of chunks)
    yield { inputs: [...inputs(splitter.take(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)))] }
  const last = splitter.end()
  yield { inputs: [...inputs(last.filter(({ kind }) => kind !== 'cut'))] }
  if (last.some(({ kind }) => kind === 'cut'))
    throw new VigilError('recording-unreadable', 'the last message of the capture is cut', { place: path })
}
