import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { type Health, type HttpListener, type HttpOptions, listen } from '../../src/http/listener.ts'
import { eventLoopCheck, readiness } from '../../src/metrics/health.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import type { HttpRoute } from '../../src/stream/ports.ts'

const HOST = '127.0.0.1'
const FINE: Health = {
  live: () => ({ pipeline: { ok: true, reason: 'nothing waits' } }),
  ready: () => ({ model: { ok: true, reason: 'bedside 0.1.0 on cpu' } }),
}

let open: HttpListener[] = []
let logged: string[] = []
afterEach(async () => {
  await Promise.all(open.map((listener) => listener.close()))
  open = []
  logged = []
})

async function start(part: Partial<HttpOptions> = {}): Promise<HttpListener> {
  const write = (fields: object, message: string) => logged.push(JSON.stringify({ ...fields, message }))
  const log = { debug: write, info: write, warn: write, error: write }
  const listener = await listen({ host: HOST, port: 0, telemetry: prometheusTelemetry(), health: FINE, log, ...part })
  open.push(listener)
  return listener
}

/** The status of a request that calls the listener by another name. */
function statusAs(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ host: HOST, port, path: '/healthz', headers: { host } }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    }).on('error', reject)
  })
}

test('a listener of this machine answers to its own names only, so that no site can be pointed at it', async () => {
  const { port } = await start()
  for (const name of ['127.0.0.1', 'localhost', '[::1]']) expect(await statusAs(port, `${name}:${port}`)).toBe(200)
  expect(await statusAs(port, 'ward.example')).toBe(421)
})

describe('health', () => {
  test('each check answers with its name and reason, and one that fails makes the whole 503', async () => {
    const ready = readiness(['model', 'sources'])
    const { url } = await start({ health: { live: FINE.live, ready: ready.ready } })
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    const early = await fetch(`${url}/readyz`)
    expect(early.status).toBe(503)
    expect(await early.json()).toEqual({
      ok: false,
      checks: { model: { ok: false, reason: 'not started yet' }, sources: { ok: false, reason: 'not started yet' } },
    })
    ready.set('model', true, 'bedside 0.1.0 on cpu')
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    ready.set('sources', true, '4 recordings')
    const late = await fetch(`${url}/readyz`)
    expect([late.status, (await late.json()) as unknown]).toEqual([
      200,
      {
        ok: true,
        checks: { model: { ok: true, reason: 'bedside 0.1.0 on cpu' }, sources: { ok: true, reason: '4 recordings' } },
      },
    ])
  })

  test('an event loop that stood still fails its check once, then is fine again', async () => {
    const check = eventLoopCheck(0.5)
    await new Promise((resolve) => setTimeout(resolve, 60))
    check()
    await new Promise((resolve) => setTimeout(resolve, 60))
    const end = performance.now() + 700
    while (performance.now() < end) Math.sqrt(end)
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(check().ok).toBe(false)
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(check().ok).toBe(true)
  })
})

describe('the listener', () => {
  test('serves the scrape in its own content type', async () => {
    const answer = await fetch(`${(await start()).url}/metrics`)
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4')
    expect(await answer.text()).toContain('vigil_readings_total')
  })

  test('a port in use is a coded error that names the port', async () => {
    const other = createServer()
    const port = await new Promise<number>((resolve) => {
      other.listen(0, HOST, () => resolve((other.address() as { port: number }).port))
    })
    await expect(start({ port })).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringContaining(`${port}`) as string,
    })
    await new Promise((resolve) => other.close(resolve))
  })

  test('an address that is not ours is a coded error that names the setting', async () => {
    await expect(start({ host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('http.host') as string,
    })
  })

  test('every answer, also a refusal, forbids framing, sniffing and foreign scripts, and allows no other origin', async () => {
    const { url } = await start()
    for (const path of ['/metrics', '/healthz', '/nothing-here']) {
      const { headers } = await fetch(url + path, { headers: { origin: 'http://elsewhere.example' } })
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  test('a route that has nothing answers 404; one that breaks answers 500 and tells nothing of why', async () => {
    const routes: HttpRoute[] = [
      { kind: 'json', path: '/api/beds/:id', answer: ({ id }) => (id === 'a1' ? { id } : undefined) },
      {
        kind: 'json',
        path: '/api/broken',
        answer: () => {
          throw new Error('CANARY-7731')
        },
      },
    ]
    const { url } = await start({ routes })
    expect(await (await fetch(`${url}/api/beds/a1`)).json()).toEqual({ id: 'a1' })
    expect((await fetch(`${url}/api/beds/CANARY-7731`)).status).toBe(404)
    const broken = await fetch(`${url}/api/broken`)
    expect(broken.status).toBe(500)
    expect(await broken.text()).not.toContain('CANARY')
    const strange = await fetch(`${url}/CANARY-7731?x=CANARY-7731&CANARY-7731=1`, {
      headers: { 'x-CANARY-7731': 'CANARY-7731' },
    })
    expect(strange.status).toBe(404)
    expect(`${await strange.text()}${JSON.stringify([...strange.headers])}`).not.toMatch(/canary/i)
    // requests are logged and counted by pattern: what was asked for may name a bed
    expect(logged.length).toBeGreaterThanOrEqual(4)
    expect(logged.join()).not.toContain('CANARY')
    const scrape = await (await fetch(`${url}/metrics`)).text()
    expect(scrape).toContain('vigil_http_requests_total{route="/api/beds/:id",status="4xx"} 1')
    expect(scrape).not.toContain('CANARY')
  })

  test('packs long JSON where whoever asks can unpack it, and sends it as it is where not', async () => {
    const long = { all: Array.from({ length: 4000 }, (_, i) => i) }
    const routes: HttpRoute[] = [
      { kind: 'json', path: '/long', answer: () => long },
      { kind: 'json', path: '/short', answer: () => ({ one: 1 }) },
    ]
    const { port } = await start({ routes })
    const ask = (path: string, encodings: string) =>
      new Promise<{ encoding: string | undefined; type: string | undefined; body: Buffer }>((resolve, reject) => {
        get({ host: HOST, port, path, headers: { 'accept-encoding': encodings } }, async (answer) => {
          const { headers } = answer
          const body = Buffer.concat(await answer.toArray())
          resolve({ encoding: headers['content-encoding'], type: headers['content-type'], body })
        }).on('error', reject)
      })
    const packed = await ask('/long', 'br, gzip;q=0.5')
    expect([packed.encoding, packed.type]).toEqual(['gzip', 'application/json; charset=utf-8'])
    expect(JSON.parse(gunzipSync(packed.body).toString())).toEqual(long)
    for (const encodings of ['identity', 'gzip;q=0, identity', 'xgzips']) {
      const plain = await ask('/long', encodings)
      expect([encodings, plain.encoding]).toEqual([encodings, undefined])
      expect(JSON.parse(plain.body.toString())).toEqual(long)
    }
    expect((await ask('/short', 'gzip')).encoding).toBeUndefined()
  })

  test('an event stream has the headers of one, and closing the listener ends it', async () => {
    const routes: HttpRoute[] = [
      { kind: 'events', path: '/events', open: (response) => void response.write('event: hello\ndata: {}\n\n') },
    ]
    const listener = await start({ routes })
    const answer = await fetch(`${listener.url}/events`)
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    expect(answer.headers.get('x-frame-options')).toBe('DENY')
    const reader = answer.body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('event: hello\ndata: {}\n\n')
    const ended = reader.read().then(
      ({ done }) => done,
      () => true,
    )
    await listener.close()
    expect(await ended).toBe(true)
    await expect(fetch(`${listener.url}/healthz`)).rejects.toThrow()
  })

  test('serves the page, and nothing outside its folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigil-page-'))
    const page = join(folder, 'web')
    mkdirSync(page)
    mkdirSync(join(folder, 'web-other'))
    writeFileSync(join(page, 'index.html'), '<!doctype html><title>page</title>')
    for (const beside of ['secret.txt', 'web-other/secret.txt']) writeFileSync(join(folder, beside), 'a secret')
    const { url, port } = await start({ page })
    const answer = await fetch(url)
    expect(await answer.text()).toContain('<title>page</title>')
    expect(answer.headers.get('cache-control')).toBe('no-cache')
    // as it is written: fetch would resolve the dots before it asks
    const asked = (path: string) =>
      new Promise<[status: number, body: string]>((resolve, reject) => {
        get({ host: HOST, port, path }, (response) => {
          let body = ''
          response.setEncoding('utf8').on('data', (text: string) => {
            body += text
          })
          response.on('end', () => resolve([response.statusCode!, body]))
        }).on('error', reject)
      })
    for (const up of ['..', '%2e%2e', '.%2e', '..%2f..', 'assets/../..', '%5c..', './/..', '../web-other', '..%00']) {
      for (const slash of ['/', '%2f', '%5c', '\\']) {
        const [status, body] = await asked(`/${up}${slash}secret.txt`)
        expect([up, slash, status >= 400, body.includes('secret')]).toEqual([up, slash, true, false])
      }
    }
    rmSync(folder, { recursive: true })
  })
})

test.each([
  ['its head', 'GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: '],
  [
    'its body',
    'POST /api/session HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{',
  ],
])('a client that sends %s byte by byte is let go; the others are answered meanwhile', async (_, begin) => {
  const { url, port } = await start({ arrivalMs: 400 })
  const slow = connect(port, HOST)
  slow.on('error', () => {})
  const began = performance.now()
  const ended = new Promise<number>((done) => slow.on('close', () => done(performance.now() - began)))
  slow.resume().write(begin)
  const dripping = setInterval(() => slow.write('x'), 50)
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect(await ended).toBeLessThan(5000)
  clearInterval(dripping)
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
})
