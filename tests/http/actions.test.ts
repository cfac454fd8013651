import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { actions } from '../../src/http/actions.ts'
import { type HttpListener, listen } from '../../src/http/listener.ts'
import { newToken } from '../../src/http/tokens.ts'
import { decodeAcknowledgement } from '../../src/ingest/decode-control.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import type { AcknowledgementMessage } from '../../src/vitals/control.ts'

const ALERT = 'a'.repeat(32)
const AT = Date.UTC(2026, 0, 1)
const clinician = newToken('ward-7', 'clinician')
const subscriber = newToken('archive', 'subscriber')
const operator = newToken('metrics', 'operator')

let open: HttpListener[] = []
afterEach(async () => {
  await Promise.all(open.map((it) => it.close()))
  open = []
})

async function started({
  fails = false,
  tokens = true,
  more = {},
}: {
  fails?: boolean
  tokens?: boolean
  more?: object
} = {}) {
  const submitted: AcknowledgementMessage[] = []
  const logged: string[] = []
  const write = (fields: object, message: string) => void logged.push(JSON.stringify({ ...fields, message }))
  const tokensFile = join(mkdtempSync(join(tmpdir(), 'vigil-http-')), 'tokens.yaml')
  writeFileSync(tokensFile, JSON.stringify({ tokens: [clinician, subscriber, operator].map(({ entry }) => entry) }))
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    telemetry: prometheusTelemetry(),
    health: { live: () => ({}), ready: () => ({}) },
    log: { debug: write, info: write, warn: write, error: write },
    ...(tokens && { tokensFile }),
    routes: [
      { kind: 'json', path: '/api/ward', answer: () => ({ beds: [] }) },
      {
        kind: 'action',
        path: '/api/actions',
        act: actions({
          target: ({ alertId, patientKey, bed }) =>
            alertId === ALERT || patientKey === 'p-1' || bed === 'b'.repeat(12)
              ? { patientKey: 'p-1', at: AT }
              : undefined,
          async submit(message) {
            if (fails) throw new Error('gone')
            submitted.push(message)
          },
        }),
      },
    ],
    ...more,
  })
  open.push(listener)
  const ask = (
    path: string,
    {
      token,
      body,
      headers = {},
      method = 'POST',
    }: { token?: string; body?: unknown; headers?: Record<string, string>; method?: string } = {},
  ) =>
    fetch(`${listener.url}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  return { listener, submitted, logged, ask }
}

test.each([
  [
    { action: 'ack', alertId: ALERT },
    { action: 'ack', alertId: ALERT },
  ],
  [
    { action: 'pause', alertId: ALERT, minutes: 15 },
    { action: 'pause', alertId: ALERT, until: AT + 900_000 },
  ],
  [
    { action: 'resume', alertId: ALERT },
    { action: 'resume', alertId: ALERT },
  ],
  [
    { action: 'reset', alertId: ALERT },
    { action: 'reset', alertId: ALERT },
  ],
  [
    { action: 'feedback', alertId: ALERT, verdict: 'nuisance' },
    { action: 'feedback', alertId: ALERT, verdict: 'nuisance' },
  ],
  [
    { action: 'mute', patientKey: 'p-1', minutes: 30 },
    { action: 'mute', until: AT + 1_800_000 },
  ],
  [
    { action: 'mute', alertId: ALERT, minutes: 30 },
    { action: 'mute', until: AT + 1_800_000 },
  ],
  [{ action: 'unmute', bed: 'b'.repeat(12) }, { action: 'unmute' }],
])('%j becomes a message of the acknowledgements topic', async (request, wanted) => {
  const { ask, submitted } = await started()
  const answer = await ask('/api/actions', { token: clinician.token, body: request })
  expect(answer.status).toBe(202)
  expect(submitted).toEqual([{ patientKey: 'p-1', at: AT, by: 'ward-7', ...wanted }])
  expect(decodeAcknowledgement(JSON.stringify(submitted[0]))).toMatchObject({ kind: 'control' })
})

test('the caller says who in its system acted; the token is named before', async () => {
  const { ask, submitted } = await started()
  await ask('/api/actions', { token: clinician.token, body: { action: 'ack', alertId: ALERT, by: 'nurse 12' } })
  expect(submitted[0]!.by).toBe('ward-7:nurse 12')
})

test.each([
  ['nobody', undefined, 401],
  ['a forged token', `${clinician.token.slice(0, -4)}AAAA`, 401],
  ['a subscriber', subscriber.token, 403],
  ['an operator', operator.token, 403],
])('%s cannot act', async (_, token, status) => {
  const { ask, submitted } = await started()
  const answer = await ask('/api/actions', {
    ...(token !== undefined && { token }),
    body: { action: 'ack', alertId: ALERT },
  })
  expect(answer.status).toBe(status)
  expect(submitted).toEqual([])
})

test('reading and scraping want their roles, health wants none', async () => {
  const { ask } = await started()
  const get = async (path: string, token?: string) =>
    (await ask(path, { method: 'GET', ...(token !== undefined && { token }) })).status
  expect([await get('/api/ward'), await get('/metrics'), await get('/healthz'), await get('/readyz')]).toEqual([
    401, 401, 200, 200,
  ])
  expect([await get('/api/ward', subscriber.token), await get('/metrics', subscriber.token)]).toEqual([200, 403])
  expect([await get('/api/ward', operator.token), await get('/metrics', operator.token)]).toEqual([200, 200])
})

describe('a page', () => {
  async function signedIn() {
    const it = await started()
    const answer = await it.ask('/api/session', { body: { token: clinician.token } })
    const cookie = answer.headers.get('set-cookie')!
    return { ...it, answer, cookie, headers: { cookie: cookie.split(';')[0]! } }
  }

  test("signs in once; its cookie is out of scripts' and other sites' reach", async () => {
    const { answer, cookie, ask, headers, submitted } = await signedIn()
    expect(answer.status).toBe(204)
    expect(cookie).toMatch(/HttpOnly/)
    expect(cookie).toMatch(/SameSite=Strict/)
    expect(cookie).not.toContain(clinician.token)
    expect((await ask('/api/ward', { method: 'GET', headers })).status).toBe(200)
    const acted = await ask('/api/actions', {
      body: { action: 'ack', alertId: ALERT },
      headers: { ...headers, 'sec-fetch-site': 'same-origin' },
    })
    expect(acted.status).toBe(202)
    expect(submitted).toHaveLength(1)
  })

  test.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
  ])('of another site cannot act by it: %j', async (more) => {
    const { ask, headers, submitted } = await signedIn()
    const answer = await ask('/api/actions', {
      body: { action: 'ack', alertId: ALERT },
      headers: { ...headers, ...(more as Record<string, string>) },
    })
    expect(answer.status).toBe(403)
    expect(submitted).toEqual([])
  })

  test('is told what it may, and signs out', async () => {
    const { ask, headers } = await signedIn()
    const told = async (of: Record<string, string>) =>
      (await ask('/api/session', { method: 'GET', headers: of })).json()
    expect(await told(headers)).toEqual({ signedIn: true, guarded: true, may: ['read', 'act'], name: 'ward-7' })
    expect(await told({})).toEqual({ signedIn: false, guarded: true, may: [], name: null })
    await ask('/api/session', { method: 'DELETE', headers })
    expect((await ask('/api/ward', { method: 'GET', headers })).status).toBe(401)
  })

  test('that guesses tokens is made to wait', async () => {
    const { ask } = await started()
    const statuses: number[] = []
    for (let i = 0; i < 15; i++) statuses.push((await ask('/api/session', { body: { token: `guess-${i}` } })).status)
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401))
    expect(statuses.slice(10)).toEqual(Array(5).fill(429))
  })
})

test.each([
  ['no JSON', '{', 400],
  ['no action', {}, 400],
  ['an unknown action', { action: 'silence-everything', alertId: ALERT }, 400],
  ['an alert id that is none', { action: 'ack', alertId: '../../etc/passwd' }, 400],
  ['a pause without an end', { action: 'pause', alertId: ALERT }, 400],
  ['a pause without end', { action: 'pause', alertId: ALERT, minutes: 1e9 }, 400],
  ['an unknown field', { action: 'ack', alertId: ALERT, at: 0 }, 400],
  ['a field that is somebody', { action: 'ack', alertId: ALERT, 'passwd of J. Smith': 0 }, 400],
  ["nobody's alert", { action: 'ack', alertId: 'c'.repeat(32) }, 404],
  ['too long a body', { action: 'ack', alertId: ALERT, by: 'x'.repeat(20_000) }, 413],
])('%s is refused', async (_, body, status) => {
  const { ask, submitted, logged } = await started()
  const answer = await ask('/api/actions', { token: clinician.token, body })
  expect(answer.status).toBe(status)
  expect(submitted).toEqual([])
  expect(`${logged.join()}${await answer.text()}`).not.toContain('passwd')
})

test('a journal that takes nothing is said, and the caller tries again', async () => {
  const { ask } = await started({ fails: true })
  expect((await ask('/api/actions', { token: clinician.token, body: { action: 'ack', alertId: ALERT } })).status).toBe(
    503,
  )
})

test('without tokens this machine may act; every action is logged by who and what, never by whom', async () => {
  const { ask, submitted, logged } = await started({ tokens: false })
  expect((await ask('/api/actions', { body: { action: 'ack', alertId: ALERT } })).status).toBe(202)
  expect(submitted[0]!.by).toBe('local')
  const said = logged.filter((it) => it.includes('"action"'))
  expect(said.join()).toContain('"by":"local"')
  expect(logged.join()).not.toMatch(/p-1|aaaaaaaa/)
})

test('too many requests of one address are made to wait, probes are not', async () => {
  const { ask } = await started({ more: { requestsPerMinute: 5 } })
  const get = async (path: string) => (await ask(path, { method: 'GET', token: subscriber.token })).status
  const statuses = []
  for (let i = 0; i < 8; i++) statuses.push(await get('/api/ward'))
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429])
  expect(await get('/healthz')).toBe(200)
})
