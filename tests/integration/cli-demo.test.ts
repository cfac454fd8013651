import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { WardView } from '../../src/dashboard/protocol.ts'
import { type Running, start, vigil } from './vigil.ts'

const PORT = ['--port', '0']

async function address(demo: Running): Promise<string> {
  return (await demo.said(/http:\/\/127\.0\.0\.1:\d+/))[0]
}

async function ready(url: string): Promise<void> {
  for (;;) {
    const { status } = await fetch(`${url}/readyz`)
    if (status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('vigil demo', () => {
  it('is ready within 5 s of its start', async () => {
    const began = performance.now()
    const demo = start(['demo', ...PORT])
    await ready(await address(demo))
    const seconds = (performance.now() - began) / 1000
    demo.signal('SIGTERM')
    expect(await demo.ended).toMatchObject({ code: 0 })
    expect(seconds).toBeLessThan(5)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s in the middle of steps ends it with 0, and its port is free again',
    async (signal) => {
      const demo = start(['demo', ...PORT, '--beds', '40', '--speed', '100'])
      const url = await address(demo)
      await ready(url)
      await new Promise((resolve) => setTimeout(resolve, 500))
      const began = performance.now()
      demo.signal(signal)
      const { code, stderr } = await demo.ended
      expect(code).toBe(0)
      expect(stderr).not.toMatch(/terminate|vigil:/)
      expect(performance.now() - began).toBeLessThan(3000)
      await expect(fetch(url)).rejects.toThrow()
    },
  )

  it('tells its page of every bed it watches, also of those the page does not show', async () => {
    const demo = start(['demo', ...PORT, '--beds', '270', '--speed', '4'])
    const url = await address(demo)
    const beds = async () => {
      const { beds: shown, heartbeat } = (await (await fetch(`${url}/api/ward`)).json()) as WardView
      return [shown.length, Object.values(heartbeat.beds).reduce((sum, count) => sum + count)]
    }
    await expect.poll(beds, { timeout: 20_000 }).toEqual([256, 270])
    demo.signal('SIGTERM')
    expect(await demo.ended).toMatchObject({ code: 0 })
  })

  it('a signal while it is still opening ends it with 0 too', async () => {
    const demo = start(['demo', ...PORT])
    await address(demo)
    demo.signal('SIGINT')
    expect(await demo.ended).toMatchObject({ code: 0, signal: null })
  })

  it('the same request twice, as npm and a process group send it, is one request', async () => {
    const demo = start(['demo', ...PORT, '--beds', '40', '--speed', '100'])
    await ready(await address(demo))
    demo.signal('SIGTERM')
    demo.signal('SIGTERM')
    demo.signal('SIGINT')
    expect(await demo.ended).toMatchObject({ code: 0, signal: null })
  })

  it.each([
    ['1', '1'],
    ['6', '1'],
    ['40', '100'],
  ])('runs %s beds at speed %s and ends by itself', async (beds, speed) => {
    const demo = start(['demo', ...PORT, '--beds', beds, '--speed', speed, '--for', '2'])
    const url = await address(demo)
    await ready(url)
    const { beds: shown } = (await (await fetch(`${url}/api/ward`)).json()) as { beds: unknown[] }
    const { code, stderr } = await demo.ended
    expect(code).toBe(0)
    expect(stderr).not.toContain('vigil:')
    expect(shown.length).toBeLessThanOrEqual(Number(beds))
  })

  it('a port in use is said with its number, and the process ends', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const { code, stderr } = await vigil(['demo', '--port', `${port}`])
    server.close()
    expect(code).toBe(1)
    expect(stderr).toContain(`port-in-use: port ${port} `)
  })

  it('a reader of its output that goes away does not crash it', async () => {
    const demo = start(['demo', ...PORT, '--speed', '100', '--for', '3'])
    await address(demo)
    demo.readNoMore()
    const { code, stderr } = await demo.ended
    expect(code).toBe(0)
    expect(stderr).not.toMatch(/EPIPE|vigil:/)
  })

  it('names no bed, patient or alert in logs, metrics, health or error bodies', async () => {
    const demo = start(['demo', ...PORT, '--beds', '10', '--speed', '100'])
    const url = await address(demo)
    await ready(url)
    await demo.said(/^\d\d:\d\d:\d\d .* start /m)
    const text = async (path: string) => (await fetch(`${url}${path}`)).text()
    const ward = await text('/api/ward')
    const paths = ['/metrics', '/healthz', '/readyz', '/api/beds/canary-bed', '/canary-bed', '/api/beds/%zz']
    const public_ = (await Promise.all(paths.map(text))).join('\n')
    demo.signal('SIGTERM')
    const { stderr } = await demo.ended
    const ids = [...ward.matchAll(/"(?:id|patientKey|bed|alertId|eventId)":"([^"]{3,})"/g)].map(([, id]) => id!)
    expect(ids.length).toBeGreaterThan(5)
    for (const secret of ['canary', 'recording-1', 'recording-2', 'shift-', 'SIM', 'ICU', ...ids]) {
      expect(public_).not.toContain(secret)
      expect(stderr).not.toContain(secret)
    }
  })
})
