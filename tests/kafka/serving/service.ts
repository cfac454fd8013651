import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openServing, type ServingOptions } from '../../../src/app/serving.ts'
import type { AtEnd } from '../../../src/closing.ts'
import { readAlert } from '../../../src/kafka/alert-record.ts'
import { Changelog } from '../../../src/kafka/changelog.ts'
import { readDeadLetter } from '../../../src/kafka/dead-letter.ts'
import { partitionOf } from '../../../src/kafka/murmur2.ts'
import type { KafkaClient, LogRecord, NewRecord } from '../../../src/kafka/port.ts'
import type { TopicRole } from '../../../src/kafka/topics.ts'
import type { Log } from '../../../src/log.ts'
import type { AlertEnvelope } from '../../../src/vitals/alert.ts'
import type { JournalEntry } from '../../../src/vitals/journal.ts'
import { Settings } from '../../../src/vitals/settings.ts'
import { type Running, start } from '../../integration/vigil.ts'
import { type KafkaSettings, until, wardSettings } from '../broker.ts'

/** Event time of a patient's first reading. */
export const T0 = Date.UTC(2026, 0, 5, 12)

type Given = { readonly kafka?: Partial<KafkaSettings>; readonly stream?: object; readonly limits?: object }

/** Settings of a service of its own on the shared broker, or on another. */
export function serviceSettings({ kafka = {}, ...more }: Given = {}): Settings {
  return Settings.parse({ http: { port: 0 }, ...more, kafka: { ...wardSettings({ partitions: 2, ...kafka }) } })
}

export interface Service {
  readonly url: string
  /** lines of its log, as JSON */
  readonly said: string[]
  readonly ended: Promise<void>
  /** the number of a metric's series, summed over those whose labels have the text; NaN when there is none */
  metric(name: string, labels?: string): Promise<number>
  get(path: string): Promise<{ readonly status: number; readonly text: string }>
  stop(): Promise<void>
}

/** `vigil serve` in this process. It is stopped and closed with the test that opened it, unless the test did. */
export async function service(settings: Settings, more: Partial<ServingOptions> = {}): Promise<Service> {
  const closes: Parameters<AtEnd>[0][] = []
  const said: string[] = []
  const say = (...of: unknown[]) => void said.push(JSON.stringify(of))
  const log: Log = { debug: say, info: say, warn: say, error: say }
  const close = async () => {
    for (const each of closes.splice(0).reverse()) await each()
  }
  const serving = await openServing({ settings, log, ...more }, (each) => void closes.push(each)).catch(
    async (error: unknown) => {
      await close()
      throw error
    },
  )
  const stop = async () => {
    await serving.stop()
    await close()
  }
  onTestFinished(stop)
  const get = async (path: string) => {
    const response = await fetch(serving.url + path)
    return { status: response.status, text: await response.text() }
  }
  return {
    url: serving.url,
    said,
    ended: serving.ended,
    stop,
    get,
    metric: async (name, labels = '') => seriesOf((await get('/metrics')).text, name, labels),
  }
}

function seriesOf(text: string, name: string, labels: string): number {
  const found = text.split('\n').filter((it) => new RegExp(`^${name}(\\{| )`).test(it) && it.includes(labels))
  return found.length === 0
    ? Number.NaN
    : found.reduce((sum, it) => sum + Number(it.split(' ').at(-1)!.replace('Inf', 'Infinity')), 0)
}

/** `vigil serve` as a process, from the built program. */
export async function child(settings: Settings, env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-serve-'))
  const file = join(folder, 'settings.json')
  await writeFile(file, JSON.stringify(settings))
  const running = start(['serve', '--config', file], env)
  onTestFinished(async () => {
    running.signal('SIGKILL')
    await running.ended.catch(() => undefined)
    await rm(folder, { recursive: true, force: true })
  })
  return running
}

/** Until every partition of the group's one process is watched. */
export const ready = (url: string) =>
  until('readiness', async () => (await fetch(`${url}/readyz`)).status === 200, 30_000)

/** What stands in the topics of a service, and what is put into them, beside it. */
export function topicsOf(kafka: KafkaClient, { topicPrefix: prefix }: KafkaSettings) {
  const { partitions } = kafka
  const numbers = Array.from({ length: partitions }, (_, i) => i)

  async function records(role: TopicRole, of = role === 'status' ? [0] : numbers) {
    const found: (LogRecord & { readonly partition: number })[] = []
    for (const partition of of)
      await kafka.readAll(`${prefix}.${role}`, partition, (some) =>
        found.push(
          ...some.map(({ offset, timestamp, key, value, headers }) => ({
            offset,
            timestamp,
            key,
            value,
            headers,
            partition,
          })),
        ),
      )
    return found
  }

  async function send(some: readonly NewRecord[]): Promise<void> {
    const writer = await kafka.writer()
    for (let at = 0; at < some.length; at += 2000) await writer.send(some.slice(at, at + 2000))
    await writer.close()
  }

  return {
    records,
    send,
    home: (patient: string) => partitionOf(patient, partitions),
    async alerts(role: 'alerts' | 'alerts.test' = 'alerts'): Promise<AlertEnvelope[]> {
      return (await records(role)).map((it) => readAlert(it) as AlertEnvelope)
    },
    async journal(): Promise<JournalEntry[]> {
      return (await records('journal')).map((it) => JSON.parse(String(it.value)) as JournalEntry)
    },
    async letters() {
      return (await records('readings.dlq')).map((it) => readDeadLetter(it))
    },
    /** patient -> state as the changelogs have it at last */
    async states(): Promise<Map<string, string>> {
      const states = new Map<string, string>()
      for (const partition of numbers) {
        const changelog = new Changelog()
        await kafka.readAll(`${prefix}.state`, partition, (some) => changelog.take(some))
        for (const [key, state] of changelog.states) states.set(`${partition}/${key}`, state.toString('hex'))
      }
      return states
    },
    /** one reading a second of a patient, from and to which second */
    readings(
      patient: string,
      [from, to]: readonly [number, number],
      changes: (second: number) => { readonly values?: object; readonly mode?: string } = () => ({}),
      place: Partial<NewRecord> = {},
    ): NewRecord[] {
      return Array.from({ length: to - from }, (_, i) => {
        const second = from + i
        const values = {
          hr: 70 + (second % 3),
          spo2: 96 + (second % 2),
          resp: 14 + (second % 4),
          ...changes(second).values,
        }
        const { mode } = changes(second)
        const value = { patient, time: T0 + second * 1000, complete: true, ...(mode && { mode }), values }
        return {
          topic: `${prefix}.readings`,
          partition: partitionOf(patient, partitions),
          key: patient,
          value: JSON.stringify(value),
          ...place,
        }
      })
    },
    control: (role: 'encounters' | 'alerts.acks', patient: string, message: object): NewRecord => ({
      topic: `${prefix}.${role}`,
      partition: partitionOf(patient, partitions),
      key: patient,
      value: JSON.stringify({ patientKey: patient, ...message }),
    }),
  }
}

/** A patient whose partition is this one. */
export function patientIn(partition: number, partitions: number, name = 'p'): string {
  for (let i = 0; ; i++) if (partitionOf(`${name}-${i}`, partitions) === partition) return `${name}-${i}`
}
