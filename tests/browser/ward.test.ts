import { mkdirSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { WardFeed } from '../../src/dashboard/ward.ts'
import type { HttpListener } from '../../src/http/listener.ts'
import { alertOf, frameOf, PATIENTS, table } from '../dashboard/testward.ts'
import { launchChromium } from '../setup/chromium.ts'
import { findings, openPage, PLAYED, pixels, play, playedWard, serveWard } from './stage.ts'

let browser: Browser
let feed: WardFeed
let http: HttpListener
let page: Page
let complaints: string[]
let alive = { ok: true, reason: '' }

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())

beforeEach(async () => {
  alive = { ok: true, reason: '' }
  feed = await playedWard(() => alive)
  http = await serveWard(feed)
  ;({ page, complaints } = await openPage(browser, http.url))
  await page.locator('.link.live').waitFor()
})
afterEach(async () => {
  await page.close()
  await http.close()
  await feed.close()
})

const tile = (name: string) => page.locator('.tile', { has: page.getByRole('link', { name, exact: true }) })
const value = (name: string, label: string) => tile(name).locator('.row', { hasText: label }).locator('.value')

/** A screenshot, where somebody asked for them. */
async function shoot(name: string): Promise<void> {
  const folder = process.env['VIGIL_SHOTS']
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: `${folder}/${name}.png` })
}

describe('the ward page', () => {
  test('shows every bed in a stable order with its values, state and partial NEWS2', async () => {
    const names = await page.locator('.tile h2').allTextContents()
    expect(names).toEqual(['bidmc_05', 'ICU 1', 'ICU 2', 'ICU 3', 'ICU 4', 'ICU 10', '6-07', '6-08', '6-09'])
    const spo2 = frameOf(PATIENTS[1]!, PLAYED - 1).values[table.index.get('spo2')!]
    expect(await value('ICU 2', 'SpO2').textContent()).toBe(String(spo2))
    expect(await tile('ICU 1').locator('.small').textContent()).toMatch(
      /ABP 1\d\d\/\d\d \(\d\d\).*NEWS2 ≥ 1 without alertness, O₂, temp/,
    )
    expect(await tile('ICU 2').locator('.small').textContent()).toContain('11 min ago')
    expect(await tile('6-08').locator('.state').textContent()).toBe('Warming up')
    expect(await tile('6-09').locator('.state').textContent()).toBe('Degraded')
    expect(await page.locator('.counts').textContent()).toBe('6Watching1Warming up1Degraded1Not watching')
    expect(await page.locator('.models').textContent()).toBe('bedside 0.1.0 on cpu')
    expect(await page.locator('footer').textContent()).toContain('not a medical device')
    await shoot('ward')
    expect(complaints).toEqual([])
  })

  test('draws each strip with the predictive band; a bed that warms up has none', async () => {
    const watched = await pixels(page, `.tile:nth-child(2) .strip[data-channel=hr] canvas`)
    expect(watched.line).toBeGreaterThan(100)
    expect(watched.band).toBeGreaterThan(1000)
    const warming = await pixels(page, `.tile:nth-child(8) .strip[data-channel=hr] canvas`)
    expect(warming.line).toBeGreaterThan(100)
    expect(warming.band).toBeLessThan(warming.line)
    expect(await tile('ICU 1').locator('.strip').first().getAttribute('aria-label')).toMatch(
      /^heart rate, ECG, last five minutes; now \d+ \/min, expected \d+ to \d+$/,
    )
  })

  test('follows new frames, without moving a tile', async () => {
    const before = await page.locator('.tile h2').allTextContents()
    const seen = await value('ICU 1', 'HR').textContent()
    for (let t = PLAYED; t < PLAYED + 40; t++) play(feed, t)
    await expect.poll(() => value('ICU 1', 'HR').textContent(), { timeout: 3000 }).not.toBe(seen)
    expect(await page.locator('.tile h2').allTextContents()).toEqual(before)
  })

  test("an alert says its priority in a word and a shape, its sentence and, in the browser's time zone, since when; a new one is announced", async () => {
    const high = tile('ICU 4').locator('.alert')
    expect(await high.textContent()).toMatch(/^High.*since 13:33:22.*SpO2 88 %, limit 90$/)
    const shapes = await page
      .locator('.alerts .priority svg')
      .evaluateAll((marks) => marks.map((mark) => mark.innerHTML))
    expect(new Set(shapes).size).toBe(3)
    expect(await page.locator('.alerts > ol').first().locator('.sentence').allTextContents()).toEqual([
      'Resp 31 /min, expected 14 to 22',
      'No signal',
      'SpO2 88 %, limit 90',
    ])
    await feed.deliver([alertOf(PATIENTS[0]!, { id: 9, priority: 'high', label: 'HR 151 /min, above 150 for 5 s' })])
    await page
      .locator('[aria-live=assertive]', { hasText: 'High alert, ICU 1: HR 151 /min, above 150 for 5 s' })
      .waitFor({ state: 'attached' })
    expect(await tile('ICU 1').locator('.alert').textContent()).toContain('HR 151 /min')
    await feed.deliver([
      alertOf(PATIENTS[0]!, { id: 9, phase: 'end', state: 'inactive', label: 'HR 151 /min, above 150 for 5 s' }),
    ])
    await expect.poll(() => tile('ICU 1').locator('.alert').textContent()).toBe('No open alert')
  })

  test('a bed is opened and left by keyboard alone, and the focus comes back to its tile', async () => {
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('ICU 2')
    await page.keyboard.press('Enter')
    await page.locator('main.bed').waitFor()
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1')
    expect(await page.locator('.channel').count()).toBe(7)
    expect(await page.locator('.channel', { hasText: 'Resp' }).locator('dd').allTextContents()).toEqual([
      expect.stringMatching(/^\d+ to \d+$/),
      'now',
    ])
    const shares = (await page.locator('.shares .number').allTextContents()).map((text) => Number.parseInt(text, 10))
    expect(shares).toHaveLength(4)
    expect(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 100)).toBeLessThanOrEqual(2)
    expect(await page.locator('.side').textContent()).toContain('Resp explains 71 % of the surprise')
    expect((await pixels(page, '.channel:first-child .strip canvas')).band).toBeGreaterThan(5000)
    await shoot('bed')
    expect(await findings(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.locator('.tiles').waitFor()
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('ICU 2')
    expect(complaints).toEqual([])
  })

  test('is clean to axe-core, in the dark, in the light and on a phone, where nothing is wider than the screen', async () => {
    expect(await findings(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'light' })
    expect(await findings(page)).toEqual([])
    await shoot('ward-light')
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await findings(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await shoot('phone')
  })
})

describe('silence is never health', () => {
  const notWatching = () => page.locator('.not-watching')

  test('a bed that fell silent says so, and shows no old value as the present one', async () => {
    expect(await tile('ICU 3').locator('.state').textContent()).toBe('Not watching')
    expect(await value('ICU 3', 'HR').textContent()).toBe('– –')
    feed.watchingChanged('p-01', 'blind')
    await tile('ICU 1').locator('.blind-notice').waitFor()
    expect(await value('ICU 1', 'HR').textContent()).toBe('– –')
    expect(await notWatching().count()).toBe(0)
    play(feed, PLAYED)
    await expect.poll(() => value('ICU 1', 'HR').textContent()).toMatch(/^\d+$/)
    expect(await tile('ICU 1').locator('.state').textContent()).toBe('Watching')
  })

  test('when the server goes the whole page says "not watching", and recovers by itself when it is back', async () => {
    await http.close()
    await notWatching().waitFor({ timeout: 3000 })
    expect(await notWatching().textContent()).toContain('Not watching')
    expect(await notWatching().getAttribute('role')).toBe('alert')
    expect(await page.title()).toMatch(/^NOT WATCHING/)
    expect(new Set(await page.locator('.tile header .state').allTextContents())).toEqual(new Set(['Not watching']))
    expect(await page.locator('.counts').textContent()).toBe('0Watching0Warming up0Degraded9Not watching')
    await shoot('not-watching')
    expect(await findings(page)).toEqual([])
    http = await serveWard(feed, http.port)
    play(feed, PLAYED)
    await notWatching().waitFor({ state: 'detached', timeout: 8000 })
    expect(await tile('ICU 1').locator('.state').textContent()).toBe('Watching')
  })

  test('a stream that stays open but beats no more counts as silence after six seconds', async () => {
    await page.close()
    const mute = feed.routes.map((route) =>
      route.kind === 'events'
        ? {
            ...route,
            open: (response: Parameters<typeof route.open>[0]) =>
              void response.write(
                `event: hello\ndata: ${JSON.stringify({ seq: 0, now: Date.now(), beds: { warming: 0, watching: 9, degraded: 0, blind: 0 }, alive, spent: null })}\n\n`,
              ),
          }
        : route,
    )
    const silent = await serveWard(feed, 0, mute)
    ;({ page } = await openPage(browser, silent.url))
    await page.locator('.link.live').waitFor()
    expect(await notWatching().count()).toBe(0)
    await notWatching().waitFor({ timeout: 9000 })
    expect(await notWatching().textContent()).toContain('No heartbeat from the server for 6 seconds')
    await silent.close()
  })

  test('a pipeline that stands still behind a server that answers counts as silence, too', async () => {
    alive = { ok: false, reason: '12 inputs wait, the oldest for 40 s' }
    await notWatching().waitFor({ timeout: 4000 })
    expect(await notWatching().textContent()).toContain('12 inputs wait, the oldest for 40 s')
    alive = { ok: true, reason: '' }
    await notWatching().waitFor({ state: 'detached', timeout: 4000 })
  })
})
