import { mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { BedDetail, WardView } from '../../src/dashboard/protocol.ts'
import { start } from '../integration/vigil.ts'
import { launchChromium } from '../setup/chromium.ts'
import { findings, openPage } from './stage.ts'

const START = Date.UTC(2026, 0, 1)
const END = START + 480_000
let folder: string
let url: string
let replay: ReturnType<typeof start>
let browser: Browser
let page: Page
let complaints: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-replay-page-'))
  const limits = '{hr: {high: 90}, resp: {high: 22}, spo2: {low: 94, priority: high}}'
  replay = start(
    ['replay', 'examples/recordings/bidmc*', '--page', '--port', '0', '--speed', '8', '--snapshots', folder, '--snapshot-minutes', '1', '--json'],
    { VIGIL_LIMITS_ADULT: limits, VIGIL_INFERENCE_MAX_BATCH: '64' },
  ) // biome-ignore format: one command line
  const [, address] = await replay.told(/The ward is at (\S+)\//)
  url = address!
  await replay.said(/"alertEvents": \d+/)
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  replay?.signal('SIGINT')
  await rm(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  ;({ page, complaints } = await openPage(browser, url, { timezoneId: 'UTC' }))
  await page.locator('.tile').nth(5).waitFor()
})
afterEach(async () => {
  await page.close()
})

/** What somebody waits for on a page comes within ten seconds, whoever else is on the machine. */
const soon = { timeout: 10_000 }
const slider = () => page.getByRole('slider', { name: 'Moment of the recording' })
/** Seconds into the recording, as the slider says it. */
const moment = async () => Number(await slider().getAttribute('aria-valuenow')) - START / 1000
const ward = async () => (await (await fetch(`${url}/api/ward`)).json()) as WardView
/** The server shows this moment, and the page has it. */
async function arrived(seconds: number): Promise<void> {
  const there = async () => {
    const { at, seeking } = (await ward()).replay!
    return seeking ? undefined : at
  }
  await expect.poll(there, soon).toBe(START + seconds * 1000)
  await expect.poll(moment, soon).toBe(seconds)
  const shown = await ward()
  for (const { frame } of shown.beds) expect(frame!.time).toBeLessThanOrEqual(START + seconds * 1000)
}
async function pause(): Promise<void> {
  const button = page.getByRole('button', { name: 'Pause', exact: true })
  if (await button.isVisible()) await button.click()
  await page.getByRole('button', { name: /^Play/ }).waitFor()
}
async function shoot(name: string): Promise<void> {
  const shots = process.env['VIGIL_SHOTS']
  if (shots === undefined) return
  mkdirSync(shots, { recursive: true })
  await page.screenshot({ path: `${shots}/${name}.png` })
}

describe('the time line of a recording', () => {
  test('plays, pauses and changes its speed', async () => {
    expect(await page.locator('.link').textContent()).toBe('Recording')
    await slider().focus()
    await page.keyboard.press('Home')
    await expect.poll(async () => (await ward()).replay!.seeking, soon).toBe(false)
    await page.getByLabel('Speed').selectOption('60')
    await expect.poll(async () => (await ward()).replay!.speed, soon).toBe(60)
    if ((await ward()).replay!.playing === false) await page.getByRole('button', { name: /^Play/ }).click()
    await expect.poll(moment, soon).toBeGreaterThan(60)
    await pause()
    await expect.poll(async () => (await ward()).replay!.playing, soon).toBe(false)
    const stands = (await ward()).replay!.at
    await new Promise((done) => setTimeout(done, 600))
    expect((await ward()).replay!.at).toBe(stands)
    await page.getByLabel('Speed').selectOption('max')
    await page.getByRole('button', { name: 'Play', exact: true }).click()
    await page.getByRole('button', { name: 'Play from the start' }).waitFor()
    await arrived(480)
    await page.getByLabel('Speed').selectOption('1')
    await page.getByRole('button', { name: 'Play from the start' }).click()
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor()
    await expect.poll(moment, soon).toBeLessThan(20)
    await pause()
    expect(complaints).toEqual([])
  })

  test('goes to any moment by the keys of a slider', async () => {
    await pause()
    await slider().focus()
    await page.keyboard.press('End')
    await arrived(480)
    await page.keyboard.press('PageDown')
    await arrived(180)
    await page.keyboard.press('ArrowRight')
    await arrived(190)
    await page.keyboard.press('ArrowLeft')
    await arrived(180)
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    await arrived(160)
    await page.keyboard.press('PageUp')
    await arrived(460)
    await page.keyboard.press('Home')
    await arrived(0)
    expect(await slider().getAttribute('aria-valuetext')).toBe('00:00:00, 0 s of 8 min')
    expect(complaints).toEqual([])
  })

  test('adds up keys that are quicker than the server, and asks for what they come to last', async () => {
    await pause()
    await slider().focus()
    await page.keyboard.press('End')
    await arrived(480)
    let late = 800
    // each request is slower than the next one: side by side, the first would be done last
    await page.route('**/api/replay', async (route) => {
      late /= 2
      const ms = late
      await new Promise((done) => setTimeout(done, ms))
      await route.continue()
    })
    for (let i = 1; i <= 12; i++) {
      await page.keyboard.press('ArrowLeft')
      expect(await moment()).toBe(480 - i * 10)
    }
    await arrived(360)
    await page.unroute('**/api/replay')
    expect(complaints).toEqual([])
  })

  test('goes where it is clicked and where it is dragged, and shows the ward of that moment', async () => {
    await pause()
    const box = (await slider().boundingBox())!
    const x = (seconds: number) => box.x + (box.width * seconds) / 480
    await page.mouse.click(x(400), box.y + 20)
    await expect.poll(moment, soon).toBeGreaterThan(380)
    await expect.poll(async () => (await ward()).replay!.seeking, soon).toBe(false)
    const late = await ward()
    await page.mouse.move(x(400), box.y + 20)
    await page.mouse.down()
    await page.mouse.move(x(200), box.y + 20, { steps: 5 })
    // held, and not yet asked for
    expect((await ward()).replay!.at).toBe(late.replay!.at)
    await page.mouse.move(x(120), box.y + 20)
    await page.mouse.up()
    await expect.poll(async () => Math.abs((await moment()) - 120), soon).toBeLessThanOrEqual(7)
    await expect.poll(async () => (await ward()).replay!.seeking, soon).toBe(false)
    const early = await ward()
    const at = early.replay!.at!
    for (const { id, frame } of early.beds) {
      expect(frame!.time).toBeLessThanOrEqual(at)
      expect(frame!.time).toBeGreaterThan(at - 3000)
      const { strips } = (await (await fetch(`${url}/api/beds/${id}`)).json()) as BedDetail
      expect(strips.time.length).toBeGreaterThan(100)
      expect(strips.time.at(-1)).toBe(frame!.time / 1000)
      // what the page draws is what the server shows
      const value = frame!.samples.find(([channel]) => early.channels[channel]!.name === 'spo2')![1]
      const tile = page.locator('.tile', { has: page.locator(`a[href="#/bed/${id}"]`) })
      await expect
        .poll(() => tile.locator('.row', { hasText: 'SpO2' }).locator('.value').textContent(), soon)
        .toBe(String(value))
    }
    expect(complaints).toEqual([])
  })

  test('marks its alerts by priority, and leads from one to the next; a bed marks its own', async () => {
    await pause()
    await slider().focus()
    await page.keyboard.press('Home')
    await arrived(0)
    const marks = (await ward()).replay!.marks.toSorted((a, b) => a[1] - b[1])
    expect(marks.length).toBeGreaterThan(3)
    const drawn = await page.locator('.track .mark').evaluateAll((all) => all.filter((it) => it.getAttribute('d')).map((it) => it.getAttribute('class'))) // biome-ignore format: one line
    expect(new Set(drawn)).toEqual(new Set(marks.map(([, , priority]) => `mark ${priority}`)))
    await page.getByRole('button', { name: 'Next alert' }).click()
    const [, at, , bed] = marks[0]!
    await arrived((at - START) / 1000)
    expect((await ward()).beds.find(({ id }) => id === bed)!.alerts).toHaveLength(1)
    await page.locator('.tile.alerted').first().waitFor()
    const second = marks.find(([, time]) => time > at + 1000)!
    await page.getByRole('button', { name: 'Next alert' }).click()
    await arrived((second[1] - START) / 1000)
    await page.getByRole('button', { name: 'Previous alert' }).click()
    await expect.poll(moment, soon).toBeLessThan((second[1] - START) / 1000)
    await expect.poll(async () => (await ward()).replay!.seeking, soon).toBe(false)
    await page.locator(`a[href="#/bed/${bed}"]`).first().click()
    await page.locator('main.bed').waitFor()
    const own = marks.filter(([, , , of]) => of === bed)
    const told = await page.locator('.scrubber .legend').textContent()
    expect(told!.match(/\d+/g)!.reduce((sum, n) => sum + Number(n), 0)).toBe(own.length)
    // nobody acts on what is over
    expect(await page.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0)
    expect(await page.getByRole('button', { name: /Mute the bed/ }).count()).toBe(0)
    await shoot('replay-bed')
    expect(await findings(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  test('is clean to axe-core, in the dark, in the light and on a phone, where nothing is wider than the screen', async () => {
    await pause()
    await slider().focus()
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowLeft')
    await expect.poll(async () => (await ward()).replay!.seeking, soon).toBe(false)
    await page.locator('.tile .strip canvas').first().waitFor()
    await shoot('replay')
    expect(await findings(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'light' })
    expect(await findings(page)).toEqual([])
    await shoot('replay-light')
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await findings(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await shoot('replay-phone')
  })

  test('refuses what it does not know, and goes no further than the recording', async () => {
    const ask = (body: unknown) =>
      fetch(`${url}/api/replay`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    expect((await ask({ do: 'rewind' })).status).toBe(400)
    expect((await ask({ do: 'seek' })).status).toBe(400)
    expect((await ask({ do: 'speed', speed: 0 })).status).toBe(400)
    expect((await ask({ do: 'seek', at: END + 3_600_000 })).status).toBe(202)
    await expect.poll(async () => (await ward()).replay!.at, soon).toBe(END)
  })
})
