import { mkdtempSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCertificates } from '../../src/broker/certificates.ts'
import { type HttpOptions, listen } from '../../src/http/listener.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'

const nothing = () => undefined
const options: HttpOptions = {
  host: '127.0.0.1',
  port: 0,
  telemetry: prometheusTelemetry(),
  health: { live: () => ({}), ready: () => ({}) },
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
}

test('with a certificate it speaks HTTPS, and nothing else', async () => {
  const { ca, brokerFile } = await makeCertificates(mkdtempSync(join(tmpdir(), 'vigil-https-')))
  const listener = await listen({ ...options, certFile: brokerFile, keyFile: brokerFile })
  try {
    expect(listener.url).toMatch(/^https:/)
    const status = await new Promise((resolve, reject) => {
      get(`${listener.url}/healthz`, { ca }, (answer) => resolve(answer.resume().statusCode)).on('error', reject)
    })
    expect(status).toBe(200)
    await expect(fetch(`${listener.url.replace('https', 'http')}/healthz`)).rejects.toThrow()
  } finally {
    await listener.close()
  }
})

test.each([
  [{ certFile: '/nowhere.pem' }, 'http.certFile'],
  [{ certFile: import.meta.filename }, 'http.keyFile'],
  [{ certFile: import.meta.filename, keyFile: import.meta.filename }, 'http.certFile'],
])('%j is said', async (changes, place) => {
  await expect(listen({ ...options, ...changes })).rejects.toMatchObject({ code: 'config-invalid', place })
})
