import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { VigilError } from '../../src/errors.ts'
import { type Gateway, openGateway } from '../../src/hl7/gateway.ts'
import { framed, MllpDecoder } from '../../src/hl7/mllp.ts'
import type { NewRecord, PlainWriter } from '../../src/kafka/port.ts'
import { createLog } from '../../src/log.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { adt, MARKS, oru, table } from './messages.ts'

/** A writer that keeps what it is given, slowly or not at all. */
class Kept implements PlainWriter {
  readonly records: NewRecord[] = []
  readonly sizes: number[] = []
  fails: VigilError | undefined
  hold: Promise<void> = Promise.resolve()
  async send(records: readonly NewRecord[]): Promise<void> {
    await this.hold
    if (this.fails) throw this.fails
    this.sizes.push(records.length)
    this.records.push(...records)
  }
  async close(): Promise<void> {}
}

const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const it of opened.splice(0).reverse()) await it.close()
})

async function opening(changes: object = {}, writer = new Kept()) {
  const telemetry = prometheusTelemetry()
  const settings = Settings.parse({ hl7: { port: 0, secret: 'a secret of these tests', ...changes } }).hl7
  const gateway: Gateway = await openGateway({
    settings,
    topicPrefix: 'vitals',
    partitions: 4,
    writer,
    table,
    telemetry: telemetry.hl7,
    log: createLog('error'),
  })
  opened.push(gateway)
  return { gateway, writer, telemetry }
}

/** One sender: its acknowledgements as they come. */
function sender(port: number) {
  const socket: Socket = connect(port, '127.0.0.1')
  const decoder = new MllpDecoder()
  const answers: string[] = []
  let wake = () => {}
  let ended = false
  socket.on('data', (chunk: Buffer) => {
    answers.push(...decoder.take(chunk).map(String))
    wake()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    ended = true
    wake()
  })
  opened.push({ close: () => socket.destroy() })
  return {
    socket,
    answers,
    send: (...texts: string[]) => socket.write(Buffer.concat(texts.map(framed))),
    async until(holds: (it: { answers: string[]; ended: boolean }) => boolean) {
      for (const since = Date.now(); !holds({ answers, ended }); ) {
        if (Date.now() - since > 10_000) throw new Error(`not within 10 s; answers: ${answers.length}, ended: ${ended}`)
        await new Promise<void>((resolve) => {
          wake = resolve
          setTimeout(resolve, 20)
        })
      }
      return answers
    },
  }
}

const codes = (answers: readonly string[]) =>
  answers.map((it) => /\rMSA\|(\w\w)\|([^\r|]*)/.exec(it)!.slice(1).join(' '))

describe('a message', () => {
  test('is acknowledged once it is kept, in the mode of its sender, and its records stand under the pseudonym', async () => {
    const { gateway, writer } = await opening()
    let release = () => {}
    writer.hold = new Promise((resolve) => {
      release = resolve
    })
    const it = sender(gateway.port)
    it.send(oru({ control: 'one' }), oru({ control: 'two', accept: '|' }), adt('A01'))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(it.answers).toEqual([])
    release()
    expect(codes(await it.until(({ answers }) => answers.length === 3))).toEqual(['CA one', 'AA two', 'AA A-A01'])
    expect(writer.records.map(({ topic }) => topic)).toEqual([
      'vitals.readings',
      'vitals.readings',
      'vitals.encounters',
    ])
    const keys = new Set(writer.records.map(({ key }) => key))
    expect(keys.size).toBe(1)
    for (const mark of MARKS) expect(JSON.stringify(writer.records)).not.toContain(mark)
  })

  test('that is refused changes nothing, and its sender is told the place', async () => {
    const { gateway, writer } = await opening()
    const it = sender(gateway.port)
    it.send(
      'no message at all',
      oru({ control: 'bad', obr: 'OBR|1||||||tomorrow' }),
      adt('A99'),
      oru({ control: 'good' }),
    )
    const answers = await it.until(({ answers }) => answers.length === 4)
    expect(codes(answers)).toEqual(['AR ', 'CR bad', 'AR A-A99', 'CA good'])
    expect(answers[1]).toContain('ERR||OBR^1^7|102^^HL70357|E')
    expect(answers[2]).toContain('ERR||MSH^1^9|201^^HL70357|E')
    expect(writer.records).toHaveLength(1)
  })

  test('of which a part cannot be read is taken, with a warning for that part', async () => {
    const { gateway } = await opening()
    const it = sender(gateway.port)
    it.send(oru({ obx: ['OBX|1|NM|147842^^MDC||eighty', 'OBX|2|NM|150456^^MDC||97'] }))
    const [answer] = await it.until(({ answers }) => answers.length === 1)
    expect(codes([answer!])).toEqual(['CA C1'])
    expect(answer).toContain('ERR||OBX^1^5|102^^HL70357|W||||the observation of hr cannot be read')
  })

  test('that wants no acknowledgement gets none', async () => {
    const { gateway, writer } = await opening()
    const it = sender(gateway.port)
    it.send(oru({ accept: 'NE|NE' }), oru({ control: 'heard' }))
    expect(codes(await it.until(({ answers }) => answers.length === 1))).toEqual(['CA heard'])
    expect(writer.records).toHaveLength(2)
  })
})

describe('Kafka', () => {
  const gone = new VigilError('kafka-unreachable', 'gone', { retriable: true })

  test('that is gone for longer than the patience: the sender is to send again, and the gateway says why it is not ready', async () => {
    const { gateway, writer } = await opening({ patienceSeconds: 0.3 })
    writer.fails = gone
    const it = sender(gateway.port)
    it.send(oru())
    const [answer] = await it.until(({ answers }) => answers.length === 1)
    expect(codes([answer!])).toEqual(['CE C1'])
    expect(answer).toContain('|207^^HL70357|E')
    expect(gateway.trouble).toBe('kafka-unreachable')
    writer.fails = undefined
    it.send(oru())
    expect(codes(await it.until(({ answers }) => answers.length === 2))[1]).toBe('CA C1')
    expect(gateway.trouble).toBeUndefined()
  })

  test('that comes back in time: nobody notices, and the order is kept', async () => {
    const { gateway, writer } = await opening()
    writer.fails = gone
    const it = sender(gateway.port)
    it.send(
      ...['a', 'b', 'c'].map((control) => oru({ control, obx: [`OBX|1|NM|147842^^MDC||${control.charCodeAt(0)}`] })),
    )
    setTimeout(() => {
      writer.fails = undefined
    }, 400)
    expect(codes(await it.until(({ answers }) => answers.length === 3))).toEqual(['CA a', 'CA b', 'CA c'])
    expect(writer.records.map(({ value }) => JSON.parse(String(value)).values.hr.value)).toEqual([97, 98, 99])
  })

  test('takes many small messages in few writes', async () => {
    const { gateway, writer } = await opening()
    const senders = Array.from({ length: 20 }, () => sender(gateway.port))
    for (const it of senders) it.send(...Array.from({ length: 50 }, () => oru()))
    for (const it of senders) await it.until(({ answers }) => answers.length === 50)
    expect(writer.records).toHaveLength(1000)
    expect(writer.sizes.length).toBeLessThan(500)
  })
})

describe('a sender that', () => {
  test('sends a byte a second is let go; the others are not held up', async () => {
    const { gateway, telemetry } = await opening({ messageSeconds: 0.4 })
    const slow = sender(gateway.port)
    const bytes = framed(oru())
    let at = 0
    const trickle = setInterval(() => slow.socket.write(bytes.subarray(at, ++at)), 20)
    const good = sender(gateway.port)
    good.send(oru())
    await good.until(({ answers }) => answers.length === 1)
    await slow.until(({ ended }) => ended)
    clearInterval(trickle)
    await expect.poll(() => telemetry.text()).toContain('vigil_hl7_connections_ended_total{because="slow"} 1')
    good.send(oru())
    await good.until(({ answers }) => answers.length === 2)
  })

  test('is idle between its messages stays', async () => {
    const { gateway } = await opening({ messageSeconds: 0.2 })
    const it = sender(gateway.port)
    it.send(oru())
    await it.until(({ answers }) => answers.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 500))
    it.send(oru())
    await it.until(({ answers }) => answers.length === 2)
  })

  test('speaks HTTP, or sends too long a message, is let go', async () => {
    const { gateway, telemetry } = await opening({ largestBytes: 5000 })
    const web = sender(gateway.port)
    web.socket.write('GET / HTTP/1.1\r\n'.repeat(200))
    await web.until(({ ended }) => ended)
    const huge = sender(gateway.port)
    huge.send(oru({ obx: Array.from({ length: 100 }, () => `OBX|1|NM|147842^^MDC||82|${'x'.repeat(100)}`) }))
    await huge.until(({ ended }) => ended)
    expect(await telemetry.text()).toContain('vigil_hl7_connections_ended_total{because="framing"} 2')
  })

  test('is one too many is turned away', async () => {
    const { gateway } = await opening({ connections: 1 })
    const first = sender(gateway.port)
    first.send(oru())
    await first.until(({ answers }) => answers.length === 1)
    const second = sender(gateway.port)
    await second.until(({ ended }) => ended)
    first.send(oru())
    await first.until(({ answers }) => answers.length === 2)
  })

  test('ends its side still gets its answers', async () => {
    const { gateway } = await opening()
    const it = sender(gateway.port)
    it.send(oru())
    it.socket.end()
    expect(codes(await it.until(({ answers, ended }) => ended && answers.length === 1))).toEqual(['CA C1'])
  })
})

test.each([
  [{ secret: undefined }, 'config-invalid', 'hl7.secretFile'],
  [{ secret: 'short' }, 'config-invalid', 'hl7.secretFile'],
  [{ timeZone: 'Mars/Base' }, 'config-invalid', 'hl7.timeZone'],
  [{ certFile: '/nowhere.pem' }, 'config-invalid', 'hl7.keyFile'],
  [{ keyFile: '/nowhere.pem' }, 'config-invalid', 'hl7.certFile'],
  [{ clientCaFile: '/nowhere.pem' }, 'config-invalid', 'hl7.certFile'],
  [{ certFile: '/nowhere.pem', keyFile: '/nowhere.pem' }, 'config-invalid', 'hl7.certFile'],
])('settings %j: %s', async (changes, code, place) => {
  await expect(opening(changes)).rejects.toMatchObject({ code, place })
})

test('a port in use is said', async () => {
  const { gateway } = await opening()
  await expect(opening({ port: gateway.port })).rejects.toMatchObject({ code: 'port-in-use' })
})
