import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wardFeed } from '../../src/dashboard/ward.ts'
import { fhirFeed } from '../../src/fhir/feed.ts'
import { actions } from '../../src/http/actions.ts'
import { alertStream } from '../../src/http/alert-stream.ts'
import { listen } from '../../src/http/listener.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import { alertOf, frameOf, PATIENTS, table } from '../dashboard/testward.ts'
import type { Target } from './fuzz.ts'

const HEAD = 'host: 127.0.0.1\r\naccept: */*\r\n'
const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\n${HEAD}${more}connection: close\r\n\r\n`
const post = (path: string, body: object) => {
  const text = JSON.stringify(body)
  return `POST ${path} HTTP/1.1\r\n${HEAD}content-type: application/json\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n${text}`
}
/** beside the page, where no path may lead */
const SECRET = 'NOBODY-MAY-READ-THIS'

/** Raw requests of every route: whatever they are, each is answered or ended, never by a failure of ours, and the next one goes on. */
export async function httpListener(): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-fuzz-page-'))
  mkdirSync(join(folder, 'page', 'assets'), { recursive: true })
  writeFileSync(join(folder, 'secret.txt'), SECRET)
  writeFileSync(join(folder, 'page', 'index.html'), '<!doctype html>')
  const page = wardFeed({ table })
  const alerts = alertStream()
  const fhir = fhirFeed({
    channels: table.channels,
    models: [{ detector: 'bedside', name: 'bedside', version: '0.1.0' }],
    beds: page.newest,
  })
  const alert = alertOf(PATIENTS[0]!, { id: 1 })
  page.frames([frameOf(PATIENTS[0]!, 1)])
  await page.deliver([alert])
  await fhir.deliver([alert])
  const act = actions({ target: page.target, submit: async () => {} })
  const failures: string[] = []
  const http = await listen({
    host: '127.0.0.1',
    port: 0,
    requestsPerMinute: 1_000_000_000,
    telemetry: prometheusTelemetry(),
    health: { live: () => ({ pipeline: { ok: true, reason: 'moves' } }), ready: () => ({}) },
    routes: [...page.routes, alerts.route, ...fhir.routes, { kind: 'action', path: '/api/actions', act }],
    page: join(folder, 'page'),
    log: { debug() {}, info() {}, warn() {}, error: (fields) => void failures.push(JSON.stringify(fields)) },
  })
  const bed = page.newest()[0]!.id
  const id = '1'.padStart(32, '0')
  const paths = [
    '/', '/assets/../../secret.txt', '/healthz', '/readyz', '/metrics', '/api/session', '/api/ward', `/api/beds/${bed}`,
    '/events', '/api/alerts/stream?unit=ICU&priority=high&lastEventId=a',
    `/fhir/DetectedIssue?status=final&_count=3`, `/fhir/DetectedIssue/${id}`, `/fhir/Observation?code=http://loinc.org|59408-5`,
    `/fhir/Observation/${bed}-hr`, '/fhir/Device', '/fhir/Device/bedside-0.1.0',
  ] // biome-ignore format: a list
  const bodies = [
    { action: 'ack', alertId: id, by: 'nurse 12' },
    { action: 'pause', alertId: id, minutes: 15 },
    { action: 'feedback', alertId: id, verdict: 'true' },
    { action: 'mute', bed, minutes: 5 },
  ]
  const requests = [
    ...paths.map((path) => get(path)),
    get('/api/ward', 'authorization: Bearer vigil_kS0\r\ncookie: vigil=a.b.c\r\norigin: http://127.0.0.1\r\n'),
    ...bodies.map((body) => post('/api/actions', body)),
    post('/api/session', { token: 'vigil_none' }),
  ]

  /** Everything that comes back until the other side ends it, or for a moment where it streams. */
  const answer = (bytes: Buffer | string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(http.port, '127.0.0.1')
      let said = ''
      const streams = () => /text\/event-stream/.test(said)
      const slow = setTimeout(() => {
        socket.destroy()
        reject(new Error(`nothing came and nothing ended for 10 s: ${JSON.stringify(said.slice(0, 100))}`))
      }, 10_000)
      socket.setEncoding('latin1').on('data', (text: string) => {
        said += text
        if (streams()) socket.destroy()
      })
      socket.on('error', () => {})
      socket.on('close', () => {
        clearTimeout(slow)
        resolve(said)
      })
      socket.end(bytes)
    })
  let runs = 0
  return {
    name: 'http',
    samples: requests.map((it) => Buffer.from(it)),
    async run(bytes) {
      const said = await answer(bytes)
      const status = /^HTTP\/1\.1 (\d+)/.exec(said)?.[1]
      if (status?.startsWith('5')) throw new Error(`answered ${status}: ${failures.at(-1) ?? ''}`)
      if (said.includes(SECRET) || said.includes(folder) || /node_modules|at \w+ \(/.test(said))
        throw new Error(`an answer tells what it must not: ${said.slice(0, 300)}`)
      if (failures.length > 0) throw new Error(`an error was logged: ${failures.splice(0).join(' ')}`)
      if (++runs % 20 === 0 && !(await answer(get('/healthz'))).startsWith('HTTP/1.1 200'))
        throw new Error('the next request is not answered')
    },
    async close() {
      await http.close()
      await alerts.close()
      await page.close()
      rmSync(folder, { recursive: true })
    },
  }
}
