import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { PAGE, type WardFeed, wardFeed } from '../../src/dashboard/ward.ts'
import { type HttpListener, listen } from '../../src/http/listener.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import type { HttpRoute } from '../../src/stream/ports.ts'
import { alertOf, frameOf, PATIENTS, START, table } from '../dashboard/testward.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The real listener with a real ward behind it. @param port 0 for a free one */
export async function serveWard(
  feed: WardFeed,
  port = 0,
  routes: readonly HttpRoute[] = feed.routes,
): Promise<HttpListener> {
  const fine = () => ({ pipeline: { ok: true, reason: 'nothing waits' } })
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields: object) => console.error(fields),
  }
  const health = { live: fine, ready: fine }
  return listen({ host: '127.0.0.1', port, telemetry: prometheusTelemetry(), health, routes, page: PAGE, log })
}

/** Seconds of the ward that are played before a page is opened. */
export const PLAYED = 300

/** Nine beds after five minutes: one warms up, one is degraded, one fell silent, three have an alert, one had one. */
export async function playedWard(alive?: () => { ok: boolean; reason: string }): Promise<WardFeed> {
  const feed = wardFeed({ table, ...(alive && { alive }) })
  feed.serving([{ detector: 'bedside', name: 'bedside', version: '0.1.0', provider: 'cpu' }])
  for (let t = 0; t < PLAYED; t++) play(feed, t)
  feed.watchingChanged('p-03', 'blind')
  const [, two, three, four, , six] = PATIENTS
  const times = (event: number, onset: number) => ({
    event: START + event * 1000,
    onset: START + onset * 1000,
    detected: START + event * 1000,
  })
  await feed.deliver([
    alertOf(two!, { id: 1 }),
    alertOf(four!, { id: 2, priority: 'high', code: 'spo2-low', kind: 'physiological', label: 'SpO2 88 %, limit 90, since 08:03:22', times: times(212, 202) }),
    alertOf(three!, { id: 3, code: 'signal-lost', kind: 'technical', label: 'No signal, since 08:04:10', times: times(280, 250) }),
    alertOf(six!, { id: 4, priority: 'low', label: 'Pulse 116 /min, expected 80 to 95, since 08:02:32', phase: 'end', state: 'inactive', times: { ...times(230, 152), ended: START + 230_000 } }),
  ]) // biome-ignore format: one alert, one line
  return feed
}

/** One second of the ward; bed ICU 3 is silent after second 250. */
export function play(feed: WardFeed, t: number): void {
  const shifts: Record<string, Record<string, number>> = {
    'p-02': t > 262 ? { resp: 13, hr: 8 } : {},
    'p-04': t > 200 ? { spo2: -8 } : {},
    'w-07': t > 150 && t < 200 ? { pulse: 26 } : {},
  }
  const states: Record<string, 'warming' | 'degraded'> = { 'w-08': 'warming', 'w-09': 'degraded' }
  const heard = PATIENTS.filter(({ patientKey }) => patientKey !== 'p-03' || t <= 250)
  feed.frames(
    heard.map((patient) => frameOf(patient, t, states[patient.patientKey] ?? 'watching', shifts[patient.patientKey])),
  )
}

/** A page that fails its test when anything is written to its console, or asked of another host. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}) {
  const page = await browser.newPage({
    viewport: { width: 1440, height: 900 },
    colorScheme: 'dark',
    timezoneId: 'Asia/Kolkata',
    ...options,
  })
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked ${request.url()}`)
  })
  await page.goto(url)
  return { page, complaints }
}

/** What axe-core finds wrong with the page as it stands: rule, and the first place. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  return page.evaluate(async () => {
    const axe = (
      globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> }
      }
    ).axe
    const { violations } = await axe.run()
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`)
  })
}

/** Pixels of a strip's canvas: of the line (opaque) and of the band (translucent). */
export async function pixels(page: Page, selector: string): Promise<{ line: number; band: number }> {
  return page.locator(selector).evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
    let line = 0
    let band = 0
    for (let at = 3; at < data.length; at += 4) {
      if (data[at]! > 200) line++
      else if (data[at]! > 40 && data[at]! < 80) band++
    }
    return { line, band }
  })
}
