import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type WardFeed, wardFeed } from '../../src/dashboard/ward.ts'
import type { HttpListener } from '../../src/http/listener.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import type { FrameReport } from '../../src/vitals/report.ts'
import { alertOf, frameOf, PATIENTS, START, table } from '../dashboard/testward.ts'
import { launchChromium } from '../setup/chromium.ts'
import { findings, openPage, serveWard } from './stage.ts'

const patient = PATIENTS[1]!
const SECONDS = 120
const at = (second: number) => START + second * 1000
const expected = (low: number, high: number) => ({ mean: (low + high) / 2, sd: 2, low, high })
const channels: AlertBody['channels'] = [
  { channel: 'spo2', unit: '%', observed: 88, expected: expected(93.6, 98.2), given: 95.4, contribution: 0.62, status: 'ok' },
  { channel: 'hr', unit: '/min', observed: 124, expected: expected(104, 118), given: 111, contribution: 0.3, status: 'ok' },
] // biome-ignore format: one channel, one line
const signal = { latching: false, ack: false, unanswered: 0, suppressedSinceLast: 0 }
const score = (over: object = {}) => ({
  name: 'p-value', value: 0.0031, threshold: 0.02, persistence: { n: 2, of: 3 }, calibrated: false, horizonSeconds: 10, ...over,
}) // biome-ignore format: as a body has it

let browser: Browser
let feed: WardFeed
let http: HttpListener
let page: Page
let complaints: string[]
let spent = {
  budget: 1 as number | null,
  patientDays: 12,
  episodes: 15,
  called: 11,
  realised: 1.25,
  interval: [0.7, 2.06] as readonly [number, number],
}

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())
beforeEach(async () => {
  feed = wardFeed({ table, spent: () => spent })
  http = await serveWard(feed)
})
afterEach(async () => {
  await page.close()
  await http.close()
  await feed.close()
})

const report = (second: number, over: Partial<FrameReport> = {}) => ({ ...frameOf(patient, second), ...over })
async function open(path = ''): Promise<void> {
  ;({ page, complaints } = await openPage(browser, http.url))
  await page.locator('.link.live').waitFor()
  if (path !== '') await page.getByRole('link', { name: path, exact: true }).first().click()
}
const idle = (seconds: number, over: (second: number) => Partial<FrameReport> = () => ({})) => {
  for (let second = 0; second < seconds; second++) feed.frames([report(second, over(second))])
}

describe('the page says why', () => {
  test('an alert fired: what each channel was, what was expected of it and by the rest, its share, the horizon, since when', async () => {
    idle(SECONDS)
    const label = 'SpO2 88 %, expected 94 to 98 %, since 08:01:40'
    const times = { event: at(110), onset: at(100), detected: at(110) }
    await feed.deliver([
      alertOf(patient, { id: 1, label, times, channels, score: score(), signal: { ...signal, call: 'now' } }),
    ])
    await open('ICU 2')
    const line = page.locator('.side .line')
    expect(await line.locator('.sentence').textContent()).toBe('SpO2 88 %, expected 94 to 98 %')
    expect(await line.locator('.since time').textContent()).toBe('13:31:40')
    expect(await line.locator('tbody tr').allInnerTexts()).toEqual([
      expect.stringMatching(/^SpO2 %\s+88\s+94 to 98\s+95\s+62 %$/),
      expect.stringMatching(/^HR \/min\s+124\s+104 to 118\s+111\s+30 %$/),
    ])
    expect(await line.locator('.chances').innerText()).toMatch(
      /p 0\.003, raised below 0\.020 in 2 of 3 ticks\s*against the forecast made 10 s before\s*threshold as shipped, not set on this ward/,
    )
    expect(await findings(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'light' })
    expect(await findings(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  test('a channel drifts: both watches against their limits, and what is not known yet', async () => {
    idle(SECONDS, (second) => {
      const frame = frameOf(patient, second)
      const drift = frame.detectors[0]!.drift.map((it, c) =>
        c === 0 ? { ...it, cusum: -14.2, away: 11.4, lately: 118, usual: 97 } : it,
      )
      return { detectors: [{ ...frame.detectors[0]!, drift }] }
    })
    await open('ICU 2')
    const rows = page.locator('.drift tbody tr')
    expect(await rows.first().innerText()).toMatch(/^HR\s+−14\.2 of 13\.1\s+97 to 118 \/min$/)
    expect(await rows.nth(1).innerText()).toMatch(/\+1\.5 of 13\.1\s+needs an hour$/)
    expect(await rows.first().locator('.gauge .beyond').count()).toBe(2)
    expect(await findings(page)).toEqual([])
  })

  test('values are set aside: crosses in the strip, out of its line, and said beside the value', async () => {
    const orange = () =>
      page.locator('.channel:first-child .strip canvas').evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
        let count = 0
        for (let i = 0; i < data.length; i += 4)
          if (data[i]! > 230 && Math.abs(data[i + 1]! - 159) < 25 && data[i + 2]! < 110 && data[i + 3]! > 200) count++
        return count
      })
    idle(SECONDS)
    await open('ICU 2')
    await page.locator('.channel:first-child canvas').waitFor()
    expect(await orange()).toBe(0)
    for (let second = SECONDS; second < SECONDS + 20; second++)
      feed.frames([
        report(second, {
          faults: [
            { channel: 'hr', fault: 'flat-line' },
            { channel: 'resp', fault: 'missing' },
          ],
        }),
      ])
    await expect.poll(orange, { timeout: 4000 }).toBeGreaterThan(100)
    const channel = page.locator('.channel', { hasText: 'HR' })
    expect(await channel.locator('.fault').textContent()).toBe('unchanged: set aside')
    expect(await channel.locator('.strip').getAttribute('aria-label')).toContain('unchanged: set aside')
    // the same after the page asked for everything anew
    await page.reload()
    await expect.poll(orange, { timeout: 4000 }).toBeGreaterThan(100)
    expect(await findings(page)).toEqual([])
  })

  test('nobody is called: muted or paused until when, acknowledged by whom, told before, or unanswered', async () => {
    idle(SECONDS, () => ({ mutedUntil: at(400) }))
    const said: [AlertBody['signal'], string | null][] = [
      [{ ...signal, call: 'muted', mutedUntil: at(400) }, 'calls nobody: muted until 13:36:40'],
      [{ ...signal, call: 'paused', pausedUntil: at(500) }, 'paused until 13:38:20'],
      [{ ...signal, call: 'acknowledged', ack: true, ackBy: 'nurse-7', ackAt: at(110) }, 'acknowledged by nurse-7 at 13:31:50'],
      [{ ...signal, call: 'silenced' }, 'calls nobody: told of it shortly before'],
      [{ ...signal, call: 'now', unanswered: 2 }, 'nobody answered: escalated 2 times'],
    ] // biome-ignore format: one signal, one line
    await open()
    expect(await page.locator('.tile .muted').textContent()).toBe('Muted until 13:36:40')
    for (const [signal, words] of said) {
      await feed.deliver([alertOf(patient, { id: 1, signal })])
      await expect.poll(() => page.locator('.tile .called').textContent()).toBe(words)
    }
    expect(await findings(page)).toEqual([])
    feed.frames([report(401)])
    await page.locator('.tile .muted').waitFor({ state: 'detached' })
  })

  test('the budget is spent: realised rate with its interval, and no more than that allows to say', async () => {
    idle(3)
    await open()
    const budget = page.locator('.budget')
    expect(await budget.innerText()).toMatch(
      /15 advisories in 12\.0 patient-days, 11 of them called somebody: 1\.3 a patient-day \(95 % 0\.70 to 2\.1\)\s+Budget 1\.0 a patient-day: within what chance allows so far\./,
    )
    spent = { ...spent, interval: [1.1, 1.6] }
    await expect.poll(() => budget.innerText(), { timeout: 4000 }).toContain('overspent.')
    spent = { ...spent, budget: null }
    await expect.poll(() => budget.innerText(), { timeout: 4000 }).toContain('not set on this ward')
  })
})

test('two hundred beds are all there, each follows its frames, and only strips on screen are drawn', async () => {
  const beds = Array.from({ length: 200 }, (_, i) => ({
    ...patient,
    patientKey: `many-${i}`,
    unit: `Ward ${Math.floor(i / 50)}`,
    bed: `${1 + (i % 50)}`,
  }))
  for (let second = 0; second < SECONDS; second++) feed.frames(beds.map((bed) => frameOf(bed, second)))
  await open()
  expect(await page.locator('.tile').count()).toBe(200)
  expect(await page.locator('.hidden').count()).toBe(0)
  // values come first, strips after them
  const strips = () => page.locator('.strip').count()
  await expect.poll(strips, { timeout: 10_000 }).toBeGreaterThan(590)
  const drawn = await page.locator('.strip canvas').count()
  expect(drawn).toBeGreaterThan(5)
  expect(drawn).toBeLessThan(200)
  const last = page.locator('.tile').last()
  await last.scrollIntoViewIfNeeded()
  await last.locator('.strip canvas').first().waitFor()
  const before = await last.locator('.value').first().textContent()
  for (let second = SECONDS; second < SECONDS + 5; second++) feed.frames(beds.map((bed) => frameOf(bed, second)))
  await expect.poll(() => last.locator('.value').first().textContent(), { timeout: 5000 }).not.toBe(before)
  expect(complaints).toEqual([])
})
