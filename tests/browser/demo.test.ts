import { type ChildProcess, spawn } from 'node:child_process'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WardView } from '../../src/dashboard/protocol.ts'
import { PLAIN, ROOT } from '../integration/vigil.ts'
import { launchChromium } from '../setup/chromium.ts'
import { findings } from './stage.ts'

let demo: ChildProcess
let url: string
let browser: Browser
let page: Page

/** The demonstration as `npm start` runs it, twenty times as fast, on a free port. */
beforeAll(async () => {
  demo = spawn(process.execPath, ['bin/vigil.js', 'demo', '--port', '0', '--speed', '20', '--for', '120'], {
    cwd: ROOT,
    env: PLAIN,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  url = await new Promise<string>((resolve, reject) => {
    demo.once('exit', (code) => reject(new Error(`the demo ended with ${code}`)))
    demo.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const at = /http:\/\/[^ /]+/.exec(text)
      if (at !== null) resolve(at[0])
    })
  })
  browser = await launchChromium()
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.goto(url)
})
afterAll(async () => {
  await browser?.close()
  demo?.kill('SIGKILL')
})

describe('the demonstration', () => {
  test('is ready, and watches six real recordings and simulated beds beside them', async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    await expect.poll(() => page.locator('.tile').count(), { timeout: 10_000 }).toBe(13)
    expect(await page.locator('.tile header .ward', { hasText: 'ICU' }).count()).toBe(6)
    await expect
      .poll(() => page.locator('.tile .state', { hasText: /^Watching$/ }).count(), { timeout: 30_000 })
      .toBeGreaterThanOrEqual(10)
    await expect.poll(() => page.locator('.tile canvas').count(), { timeout: 10_000 }).toBeGreaterThanOrEqual(20)
  })

  test('raises its first alert from the model, with the sentence a nurse reads', async () => {
    const alerts = async () => {
      const ward = (await (await fetch(`${url}/api/ward`)).json()) as WardView
      // the last bed's stay of a day was read in before anybody watched: it goes on as the hour of the day has it
      const readIn = ward.beds.find(({ unit, name }) => unit === 'SIM' && name === '7')!.id
      return [...ward.recent, ...ward.beds.flatMap((bed) => bed.alerts)].filter(({ bed }) => bed !== readIn)
    }
    // the recordings and the simulated beds are sources of their own, a few seconds of the ward apart at this speed
    const spoken = async () => (await alerts()).some(({ detector }) => detector === 'bedside')
    await expect.poll(spoken, { timeout: 30_000 }).toBe(true)
    const first = (await alerts()).toSorted((a, b) => a.detected - b.detected)[0]!
    expect(first.detector).toBe('bedside')
    expect(first.label).toMatch(/expected .* to .*, since \d\d:\d\d:\d\d$/)
  })

  test('shows a deterioration, a sensor fault, a handover, a transfer and a muted procedure, each for what it is', async () => {
    const tile = (unit: string, name: string) =>
      page.locator('.tile', { has: page.locator('.ward', { hasText: unit }) }).filter({
        has: page.getByRole('link', { name, exact: true }),
      })
    const said = new Set<string>()
    const seen = new Set<string>()
    const look = async () => {
      const ward = (await (await fetch(`${url}/api/ward`)).json()) as WardView
      const names = new Map(ward.beds.map(({ id, unit, name }) => [id, `${unit} ${name}`]))
      for (const { bed, code } of [...ward.recent, ...ward.beds.flatMap(({ alerts }) => alerts)])
        said.add(`${names.get(bed)} ${code}`)
      if (await tile('SIM', 'Bed 5').locator('.muted').isVisible()) seen.add('muted')
      if (
        /Warming up/.test(
          (await tile('SIM', 'Bed 4')
            .textContent()
            .catch(() => '')) ?? '',
        )
      )
        seen.add('another patient')
      if (await tile('HDU', 'Bed 1').isVisible()) seen.add('moved')
      return said.has('SIM 2 drift') && said.has('SIM 3 leads-off') && seen.size === 3
    }
    await expect.poll(look, { timeout: 60_000, interval: 250 }).toBe(true)
    for (const what of [
      'SIM 3 probe-off',
      'SIM 3 hr-flat-line',
      'SIM 5 spo2-low',
      'HDU 1 spo2-low',
      'SIM 2 news2-urgent',
    ])
      expect(said).toContain(what)
    expect(await page.locator('.budget').textContent()).toMatch(
      /\d+ advisories in .* a patient-day \(95 % [\d.]+ to [\d.]+\)/,
    )
    expect(await findings(page)).toEqual([])
  }, 90_000)

  test('shows an hourly risk beside the band, with the hours that were read in first, and what raises it', async () => {
    const septic = page.locator('.tile', { hasText: 'Sepsis risk' }).first()
    await expect.poll(() => septic.count(), { timeout: 30_000 }).toBe(1)
    await page
      .locator('.tile', { has: page.locator('.tile-risk.raised') })
      .first()
      .waitFor({ timeout: 30_000 })
    await page
      .locator('.tile', { has: page.locator('.tile-risk.raised') })
      .locator('h2 a')
      .first()
      .click()
    const risk = page.locator('.panel.risk.raised')
    await risk.waitFor()
    expect(await risk.innerText()).toMatch(/Hollow: \d\d hours of the stay that were read in first/)
    expect(await risk.innerText()).toContain('Most of what raises it')
    expect(await risk.locator('circle').count()).toBeGreaterThan(20)
    expect(await page.locator('.panel.risk').count()).toBe(2)
    expect(await page.locator('.panel.declared').innerText()).toContain('Lactate')
    await page.keyboard.press('Escape')
  })
  test('takes what people do on its page as the service does', async () => {
    await page
      .locator('.tile', { has: page.locator('.ward', { hasText: 'ICU' }) })
      .first()
      .locator('h2 a')
      .click()
    await page.getByRole('button', { name: 'Mute the bed 15 min' }).click()
    await page.locator('.outcome.done', { hasText: 'Bed muted.' }).waitFor()
    await page.locator('.title .muted').waitFor()
    await page.keyboard.press('Escape')
  })

  test('counts what it does for Prometheus, without a patient', async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(Number(/^vigil_frames_total (\d+)/m.exec(metrics)?.[1])).toBeGreaterThan(600)
    expect(Number(/^vigil_advisories_per_patient_day\{of="high"\} (\S+)/m.exec(metrics)?.[1])).toBeGreaterThan(0)
    expect(metrics).not.toMatch(/recording-\d|sim-\d/)
  })

  test('says "not watching" when it is killed', async () => {
    demo.removeAllListeners('exit')
    demo.kill('SIGKILL')
    await page.locator('.not-watching').waitFor({ timeout: 8000 })
  })
})
