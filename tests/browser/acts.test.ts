import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { lastValueFrom, merge, Subject } from 'rxjs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { pageActs } from '../../src/app/page-acts.ts'
import { openPagedWard } from '../../src/app/paged-ward.ts'
import { PAGE } from '../../src/dashboard/ward.ts'
import { actions } from '../../src/http/actions.ts'
import { type HttpListener, listen } from '../../src/http/listener.ts'
import { newToken } from '../../src/http/tokens.ts'
import { createLog } from '../../src/log.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import { pipeline } from '../../src/stream/pipeline.ts'
import type { InputBatch, Output } from '../../src/stream/ports.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { launchChromium } from '../setup/chromium.ts'
import { reading } from '../stream/reading.ts'
import { findings, openPage } from './stage.ts'

const T0 = Date.UTC(2026, 0, 1)
const calm = { hr: 72, pulse: 72, spo2: 97, resp: 16 }
const low = { ...calm, spo2: 84 }
const clinician = newToken('ward-7', 'clinician')
const subscriber = newToken('archive', 'subscriber')

let browser: Browser
let page: Page
let complaints: string[]
let ward: Awaited<ReturnType<typeof playing>>
let http: HttpListener

/** The real ward with its models, on what a test tells it, and with what people do on the page. */
async function playing() {
  const closing: (() => unknown)[] = []
  const telemetry = prometheusTelemetry()
  const settings = Settings.parse({ models: { serve: ['bedside'] }, alerts: { longestPauseSeconds: 3000 } })
  const log = createLog('error')
  const paged = await openPagedWard({ settings, telemetry, log }, (close) => void closing.push(close))
  const told = new Subject<InputBatch>()
  const acts = pageActs(1)
  const outputs: Output[] = []
  const kept = {
    name: 'kept',
    deliver: async (some: readonly Output[]) => void outputs.push(...some),
    close: async () => {},
  }
  // the clock of the test is the ward's: nobody falls silent while a browser is waited for
  const run = { ...paged.run, signalLostSeconds: undefined, sinks: [kept, paged.page] }
  const flushes = lastValueFrom(pipeline(merge(told, acts.source), paged.served.ward, run), { defaultValue: undefined })
  let offset = 0
  const tell = (s: number, values: Record<string, number>): Promise<void> =>
    new Promise((done) => {
      const inputs = [reading({ time: T0 + s * 1000, values, complete: true, patientKey: 'p-1' })]
      told.next({ source: 'test', partition: 0, inputs, offsets: [offset++], done })
    })
  return {
    outputs,
    tell,
    page: paged.page,
    open: (tokens: boolean) => {
      const tokensFile = join(mkdtempSync(join(tmpdir(), 'vigil-acts-')), 'tokens.yaml')
      writeFileSync(tokensFile, JSON.stringify({ tokens: [clinician.entry, subscriber.entry] }))
      const act = actions({ target: paged.page.target, submit: acts.submit })
      return listen({
        host: '127.0.0.1',
        port: 0,
        telemetry,
        health: { live: () => ({}), ready: () => ({}) },
        routes: [...paged.page.routes, { kind: 'action', path: '/api/actions', act }],
        page: PAGE,
        log,
        ...(tokens && { tokensFile }),
      })
    },
    async close() {
      told.complete()
      await Promise.race([flushes, new Promise((done) => setTimeout(done, 200))])
      for (const close of closing.toReversed()) await close()
    },
  }
}

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())
/** One bed: its asystole is over and latched, and its saturation is low. */
beforeEach(async () => {
  ward = await playing()
  await ward.tell(0, { ...calm, hr: 0 })
  for (let s = 1; s < 70; s++) await ward.tell(s, low)
})
afterEach(async () => {
  await page.close()
  await http.close()
  await ward.close()
})

async function openBed(tokens = false): Promise<void> {
  http = await ward.open(tokens)
  ;({ page, complaints } = await openPage(browser, http.url))
  if (tokens) await signIn(clinician.token)
  await page.getByRole('link', { name: 'Bed 1', exact: true }).first().click()
  await page.locator('main.bed').waitFor()
}
async function signIn(token: string): Promise<void> {
  await page.getByLabel('Token').fill(token)
  await page.keyboard.press('Enter')
}
const line = (text: string) => page.locator('.side .line', { hasText: text })
const outcome = (state: string, words: string) => page.locator(`.outcome.${state}`, { hasText: words }).waitFor()
const button = (name: string, within = page.locator('main.bed')) => within.getByRole('button', { name, exact: true })
const entries = () => ward.outputs.flatMap((it) => (it.kind === 'journal' ? [it.entry] : []))

describe('on the page, whoever may', () => {
  test('acknowledges by keyboard alone: the ward says that it took it, by whom, and the focus is not lost', async () => {
    await openBed()
    await button('Acknowledge', line('limit 90')).focus()
    await page.keyboard.press('Enter')
    await outcome('done', 'Acknowledged.')
    await line('acknowledged by local').waitFor()
    expect(await button('Acknowledge', line('limit 90')).count()).toBe(0)
    await expect.poll(() => page.evaluate(() => document.activeElement?.className)).toContain('outcome')
    expect(entries()).toContainEqual(expect.objectContaining({ entry: 'ack', by: 'local', patientKey: 'p-1' }))
    expect(await findings(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'light' })
    expect(await findings(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  test.each([15, 30])('pauses an alert for %i minutes, and ends the pause', async (minutes) => {
    await openBed()
    await button(`Pause ${minutes} min`, line('limit 90')).click()
    await outcome('done', 'Paused.')
    await line('paused until').waitFor()
    const { until, at } = entries().find((it) => it.entry === 'pause')!
    expect(until - at).toBe(minutes * 60_000)
    await button('End the pause', line('limit 90')).click()
    await outcome('done', 'No longer paused.')
    await button('Pause 15 min', line('limit 90')).waitFor()
  })

  test('resets what is latched, and is offered it nowhere else', async () => {
    await openBed()
    expect(await button('Reset').count()).toBe(1)
    await button('Reset').click()
    await outcome('done', 'Reset.')
    await page.locator('.side .ended .line').first().waitFor()
    expect(await button('Reset').count()).toBe(0)
  })

  test.each(['true', 'false', 'nuisance'])('says of an alert that it was %s', async (verdict) => {
    await openBed()
    await button(`Feedback: ${verdict}`, line('limit 90')).click()
    await outcome('done', 'Feedback recorded.')
    expect(entries()).toContainEqual(expect.objectContaining({ entry: 'feedback', verdict, by: 'local' }))
  })

  test('mutes the bed for a procedure, and unmutes it; the next frame shows it', async () => {
    await openBed()
    await button('Mute the bed 30 min').click()
    await outcome('done', 'Bed muted.')
    await ward.tell(71, low)
    await page.locator('.title .muted').waitFor()
    await button('Unmute the bed').click()
    await outcome('done', 'Bed no longer muted.')
    await ward.tell(73, low)
    await button('Mute the bed 15 min').waitFor()
    expect(await findings(page)).toEqual([])
  })

  test('is told what the ward refused, and why', async () => {
    await openBed()
    await button('Pause 60 min', line('limit 90')).click()
    await outcome('refused', 'The ward refused it: it would last 3600 s, longer than 3000 s.')
    expect(await button('Pause 60 min', line('limit 90')).isVisible()).toBe(true)
    expect(await findings(page)).toEqual([])
  })

  test('is told when it never came to the ward', async () => {
    await openBed()
    await page.route('**/api/actions', (route) => route.abort())
    await button('Acknowledge', line('limit 90')).click()
    await outcome('refused', 'Refused: the server does not answer.')
    await page.unroute('**/api/actions')
    expect(entries().filter(({ entry }) => entry === 'ack')).toEqual([])
  })
})

describe('where tokens are asked for', () => {
  test('nobody sees anything before the token is shown; a wrong one is said; then the name stands above, until sign-out', async () => {
    http = await ward.open(true)
    ;({ page, complaints } = await openPage(browser, http.url))
    await page.getByLabel('Token').waitFor()
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('token')
    expect(await page.locator('.tile').count()).toBe(0)
    expect(await findings(page)).toEqual([])
    expect(complaints).toEqual([])
    await signIn(`${clinician.token.slice(0, -4)}AAAA`)
    await page.getByRole('alert').filter({ hasText: 'no such token' }).waitFor()
    await signIn(clinician.token)
    await page.locator('.tile').waitFor()
    expect(await page.locator('.who').textContent()).toContain('ward-7')
    expect(await findings(page)).toEqual([])
    await page.reload()
    await page.locator('.tile').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Token').waitFor()
    expect(await page.locator('.tile').count()).toBe(0)
    expect((await page.request.get(`${http.url}/api/ward`)).status()).toBe(401)
  })

  test('a clinician acts by the cookie, under the name of the token', async () => {
    await openBed(true)
    await button('Acknowledge', line('limit 90')).click()
    await outcome('done', 'Acknowledged.')
    await line('acknowledged by ward-7').waitFor()
  })

  test('a subscriber is offered nothing to do', async () => {
    http = await ward.open(true)
    ;({ page, complaints } = await openPage(browser, http.url))
    await signIn(subscriber.token)
    await page.getByRole('link', { name: 'Bed 1', exact: true }).first().click()
    await line('limit 90').waitFor()
    expect(await page.locator('.acts').count()).toBe(0)
  })
})
