import { test } from 'vitest'
import { mkdirSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { listen } from '../../src/metrics/http.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import { PAGE, wardFeed } from '../../src/dashboard/ward.ts'
import { alertOf, frameOf, PATIENTS, START, table } from '../dashboard/testward.ts'
test('shots', async () => {
mkdirSync('/tmp/shots', { recursive: true })
const feed = wardFeed({ table })
feed.serving([{ detector: 'bedside', name: 'bedside', version: '0.1.0', provider: 'cpu' }])
const ok = () => ({ x: { ok: true, reason: '' } })
const http = await listen({ host: '127.0.0.1', port: 0, telemetry: prometheusTelemetry(), health: { live: ok, ready: ok }, routes: feed.routes, page: PAGE, log: { debug() {}, error: console.error } })
const w = (k: string, t: number) => k === 'w-08' ? 'warming' as const : k === 'w-09' ? 'degraded' as const : 'watching' as const
let t = 0
const step = () => { feed.frames(PATIENTS.filter((p) => !(p.patientKey === 'p-03' && t > 250)).map((p) => frameOf(p, t, w(p.patientKey, t), p.patientKey === 'p-02' && t > 262 ? { resp: 13, hr: 8 } : p.patientKey === 'p-04' && t > 200 ? { spo2: -8 } : p.patientKey === 'w-07' && t > 150 && t < 200 ? { pulse: 26 } : {}))); t++ }
for (; t < 300;) step()
feed.watchingChanged('p-03', 'blind')
await feed.deliver([
  alertOf(PATIENTS[1]!, { id: 1 }),
  alertOf(PATIENTS[3]!, { id: 2, priority: 'high', code: 'spo2-low', kind: 'physiological', label: 'SpO2 88 %, below 90 for 10 s', times: { event: START + 212e3, onset: START + 202e3, detected: START + 212e3 } }),
  alertOf(PATIENTS[2]!, { id: 3, priority: 'medium', code: 'signal-lost', kind: 'technical', label: 'No signal since 08:04:10: this bed is not watched', times: { event: START + 280e3, onset: START + 250e3, detected: START + 280e3 } }),
  alertOf(PATIENTS[7]!, { id: 5, priority: 'low', label: 'etCO2 44 mmHg, expected 34 to 42, for 15 s', times: { event: START + 290e3, onset: START + 275e3, detected: START + 290e3 } }),
  alertOf(PATIENTS[5]!, { id: 4, priority: 'low', label: 'Pulse 116 /min, expected 80 to 95, for 18 s', phase: 'end', state: 'inactive', times: { event: START + 230e3, onset: START + 152e3, detected: START + 170e3, ended: START + 230e3 } }),
])
const timer = setInterval(step, 1000)
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
const shot = async (name: string, opts: any, fn?: (p: any) => Promise<void>) => {
  const ctx = await browser.newContext(opts); const page = await ctx.newPage()
  page.on('console', (m) => console.log(name, m.text())); page.on('pageerror', (e) => console.log(name, e))
  await page.goto(http.url); await page.waitForTimeout(2600); if (fn) await fn(page)
  await page.screenshot({ path: `/tmp/shots/${name}.png`, fullPage: name.includes('full') }); await ctx.close()
}
const size = { width: 1440, height: 900 }
const bed = async (p: any) => { await p.click('text=ICU 2'); await p.waitForTimeout(800) }
await shot('ward', { viewport: size, colorScheme: 'dark' })
await shot('bed', { viewport: size, colorScheme: 'dark' }, bed)
await shot('ward-light', { viewport: size, colorScheme: 'light' })
await shot('phone', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' })
await shot('phone-bed-full', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }, bed)
await shot('dead', { viewport: size, colorScheme: 'dark' }, async (p) => { clearInterval(timer); await http.close(); await p.waitForTimeout(1500) })
await browser.close(); await feed.close()
})
