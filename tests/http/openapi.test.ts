import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { wardFeed } from '../../src/dashboard/ward.ts'
import { fhirFeed } from '../../src/fhir/feed.ts'
import { actions } from '../../src/http/actions.ts'
import { alertStream } from '../../src/http/alert-stream.ts'
import { type HttpListener, listen } from '../../src/http/listener.ts'
import { openApi } from '../../src/http/openapi.ts'
import { steering } from '../../src/http/steering.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import type { HttpRoute } from '../../src/stream/ports.ts'
import { alertOf, frameOf, PATIENTS, table } from '../dashboard/testward.ts'

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >
}
const { paths } = openApi() as { paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }
const operations = Object.entries(paths).flatMap(([path, of]) =>
  Object.entries(of).map(([method, operation]) => [method, path, operation] as const),
)
const ajv = new Ajv2020({ strict: false })

const page = wardFeed({ table })
const alerts = alertStream()
const fhir = fhirFeed({
  channels: table.channels,
  models: [{ detector: 'bedside', name: 'bedside', version: '0.1.0' }],
  beds: page.newest,
})
const act = actions({ target: page.target, submit: async () => {} })
const routes: readonly HttpRoute[] = [
  ...page.routes,
  alerts.route,
  ...fhir.routes,
  { kind: 'action', path: '/api/actions', act },
  { kind: 'action', path: '/api/replay', act: steering({ playing: true, seek: () => 1, play() {} }) },
]
let http: HttpListener

beforeAll(async () => {
  const alert = alertOf(PATIENTS[0]!, { id: 1 })
  page.frames([frameOf(PATIENTS[0]!, 1)])
  await page.deliver([alert])
  await fhir.deliver([alert])
  http = await listen({
    host: '127.0.0.1',
    port: 0,
    telemetry: prometheusTelemetry(),
    health: { live: () => ({ pipeline: { ok: true, reason: 'moves' } }), ready: () => ({}) },
    routes,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  })
})
afterAll(async () => {
  await http.close()
  await alerts.close()
  await page.close()
})

/** What each request needs beside its method and path: an id that is there, a body. */
const idOf = (path: string) =>
  path.startsWith('/api/beds')
    ? page.newest()[0]!.id
    : path.includes('Device')
      ? 'bedside-0.1.0'
      : path.includes('Observation')
        ? `${page.newest()[0]!.id}-hr`
        : '1'.padStart(32, '0')
const bodies: Readonly<Record<string, object>> = {
  '/api/actions': { action: 'ack', alertId: '1'.padStart(32, '0') },
  '/api/replay': { do: 'seek', at: 0 },
  '/api/session': { token: 'none' },
}

async function ask(method: string, path: string, body?: object) {
  const left = new AbortController()
  const answer = await fetch(`${http.url}${path}`, {
    method: method.toUpperCase(),
    signal: left.signal,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const type = answer.headers.get('content-type')?.split(';')[0]
  const stream = type === 'text/event-stream'
  const said = stream || answer.status === 204 ? undefined : await answer.text()
  left.abort()
  return { status: answer.status, type, said }
}

function fits(operation: Operation, { status, type, said }: Awaited<ReturnType<typeof ask>>): void {
  const documented = operation.responses[status]
  expect(documented, `status ${status}`).toBeDefined()
  expect(Object.keys(documented!.content ?? {})).toEqual(documented!.content === undefined ? [] : [type])
  if (said === undefined || !type!.endsWith('json')) return
  const valid = ajv.compile(documented!.content![type!]!.schema)
  expect(valid(JSON.parse(said)), JSON.stringify(valid.errors)).toBe(true)
}

test.each(operations)('%s %s answers as the document says', async (method, path, operation) => {
  const said = await ask(method, path.replace('{id}', idOf(path)), method === 'post' ? bodies[path] : undefined)
  const wanted = path === '/api/session' ? { get: 200, post: 401, delete: 204 }[method] : method === 'post' ? 202 : 200
  expect(said.status).toBe(wanted)
  fits(operation, said)
})

test.each([
  ['get', '/api/beds/{id}', '/api/beds/none', undefined],
  ['get', '/fhir/Device/{id}', '/fhir/Device/none', undefined],
  ['get', '/fhir/Observation', '/fhir/Observation?x=1', undefined],
  ['get', '/api/alerts/stream', '/api/alerts/stream?x=1', undefined],
  ['post', '/api/actions', '/api/actions', { action: 'dance' }],
  ['post', '/api/replay', '/api/replay', { do: 'dance' }],
  ['post', '/api/actions', '/api/actions', { action: 'ack', alertId: '9'.repeat(32) }],
])('%s %s refuses %s as the document says', async (method, path, asked, body) => {
  const said = await ask(method, asked, body)
  expect([400, 404]).toContain(said.status)
  fits(paths[path]![method]!, said)
})

test('every route of the listener is in the document, and no other', () => {
  const own = ['/metrics', '/healthz', '/readyz', '/api/session']
  const offered = [...routes.map(({ path }) => path.replace(':id', '{id}')), ...own]
  expect(Object.keys(paths).toSorted()).toEqual(offered.toSorted())
})
