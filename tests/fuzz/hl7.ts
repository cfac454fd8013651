import { connect } from 'node:net'
import { CaptureSplitter } from '../../src/hl7/capture.ts'
import { openGateway } from '../../src/hl7/gateway.ts'
import { framed, MllpDecoder } from '../../src/hl7/mllp.ts'
import { readMessage } from '../../src/hl7/read.ts'
import { decodeEncounter } from '../../src/ingest/decode-control.ts'
import { decodeReading } from '../../src/ingest/decode-reading.ts'
import type { PlainWriter } from '../../src/kafka/port.ts'
import { createLog } from '../../src/log.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { adt, options, oru, table } from '../hl7/messages.ts'
import type { Target } from './fuzz.ts'

const MANY = Array.from({ length: 12 }, (_, i) => `OBX|${i}|NM|15045${i % 7}^MDC_X^MDC|1|${90 + i}|^%^UCUM|90-100||||R`)
const TEXTS = [
  oru(),
  oru({ obx: MANY }),
  oru({ accept: '|', obx: ['OBX|1|ST|150456^MDC_PULS_OXIM_SAT_O2^MDC||n/a|262688^MDC_DIM_PERCENT^MDC|||||X'] }),
  ...['A01', 'A02', 'A03', 'A08', 'A11', 'A12', 'A13', 'A31', 'A40'].map((event) => adt(event)),
]

/** A message by itself: read, as what `vigil serve` takes, or refused; a file of such bytes is split. */
export const hl7Messages: Target = {
  name: 'hl7-messages',
  samples: TEXTS.map((it) => Buffer.from(it)),
  run(bytes) {
    const { refusal, readings, encounter } = readMessage(bytes, options)
    if (refusal !== undefined && (readings.length > 0 || encounter !== undefined)) throw new Error('refused, and taken')
    for (const reading of readings) {
      const { rejections } = decodeReading(JSON.stringify(reading), table)
      if (rejections[0]) throw new Error(`a reading that the service rejects: ${JSON.stringify(rejections[0])}`)
    }
    const moved = encounter && decodeEncounter(JSON.stringify(encounter))
    if (moved?.kind === 'rejection') throw new Error(`an encounter that the service rejects: ${JSON.stringify(moved)}`)
    const splitter = new CaptureSplitter()
    for (let at = 0; at < bytes.length; at += 1000) splitter.take(bytes.subarray(at, at + 1000))
    splitter.end()
  },
}

/** Bytes on a connection of the gateway: whatever they are, another sender is answered at once. */
export async function hl7Listener(): Promise<Target> {
  const writer: PlainWriter = { send: async () => {}, close: async () => {} }
  const settings = Settings.parse({ hl7: { port: 0, secret: 'a secret of these tests', messageSeconds: 5 } }).hl7
  const gateway = await openGateway({
    settings,
    topicPrefix: 'vitals',
    partitions: 4,
    writer,
    table,
    telemetry: prometheusTelemetry().hl7,
    log: createLog('error'),
  })
  const good = connect(gateway.port, '127.0.0.1')
  const decoder = new MllpDecoder()
  let answered = () => {}
  let lost: Error | undefined
  good.on('data', (chunk: Buffer) => {
    if (decoder.take(chunk).length > 0) answered()
  })
  good.on('close', () => {
    lost = new Error('the good sender was let go')
    answered()
  })
  return {
    name: 'hl7-listener',
    samples: TEXTS.flatMap((it) => [framed(it), Buffer.concat([framed(it), framed(TEXTS[0]!)])]),
    async run(bytes) {
      const bad = connect(gateway.port, '127.0.0.1')
      const gone = new Promise<void>((done) => bad.on('error', () => {}).on('close', () => done()))
      bad.resume()
      bad.end(bytes)
      const answer = new Promise<void>((resolve, reject) => {
        const slow = setTimeout(() => reject(new Error('the good sender waited for 10 s')), 10_000)
        answered = () => {
          clearTimeout(slow)
          if (lost) reject(lost)
          else resolve()
        }
      })
      good.write(framed(TEXTS[0]!))
      await answer
      bad.destroy()
      await gone
    },
    async close() {
      good.removeAllListeners('close').destroy()
      await gateway.close()
    },
  }
}
