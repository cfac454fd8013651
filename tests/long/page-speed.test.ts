import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildPage } from '../../scripts/build.js'
import { wardFeed } from '../../src/dashboard/ward.ts'
import { openPage, serveWard } from '../browser/stage.ts'
import { alertOf, frameOf, PATIENTS, table } from '../dashboard/testward.ts'
import { launchChromium } from '../setup/chromium.ts'

// What the page costs and how fast it is: printed, for `docs/page.md`. What it draws is asserted, how fast it is not.
const BEDS = 200
const SECONDS = 60
const ALERTS = 20

let browser: Browser
beforeAll(async () => {
  buildPage()
  browser = await launchChromium()
})
afterAll(() => browser.close())

type Patient = (typeof PATIENTS)[number]

/** So many beds, of two kinds of patients. */
const many = (count: number): Patient[] =>
  Array.from({ length: count }, (_, i) => ({
    ...PATIENTS[i % 2]!,
    patientKey: `many-${i}`,
    unit: `Ward ${Math.floor(i / 50)}`,
    bed: `${1 + (i % 50)}`,
  }))

/** The feed of a ward that has five minutes behind it. */
function played(beds: readonly Patient[]) {
  const feed = wardFeed({ table })
  for (let second = 0; second < 300; second++) feed.frames(beds.map((bed) => frameOf(bed, second)))
  return feed
}

/** ms from a navigation until every tile has its values and the first strip is drawn, by the page's own clock. */
async function firstViews(url: string, beds: number): Promise<number[]> {
  const views: number[] = []
  for (let i = 0; i < 5; i++) {
    const { page } = await openPage(browser, url)
    const drawn = await page.waitForFunction(
      (n) =>
        document.querySelectorAll('.tile .value').length >= n &&
        document.querySelector('.tile .strip canvas') !== null &&
        performance.now(),
      beds,
      { polling: 'raf' },
    )
    views.push(Number(await drawn.jsonValue()))
    await page.close()
  }
  return views
}

test('a ward of thirty-two beds', async () => {
  const feed = played(many(32))
  const http = await serveWard(feed)
  const views = await firstViews(http.url, 32)
  console.log(JSON.stringify({ firstViewMs32: views.toSorted((a, b) => a - b).map(Math.round) }))
  expect(views).toHaveLength(5)
  await http.close()
  await feed.close()
})

test('the page with two hundred beds at one frame a second', async () => {
  const beds = many(BEDS)
  const feed = played(beds)
  const http = await serveWard(feed)
  let second = 300
  const playing = setInterval(() => feed.frames(beds.map((bed) => frameOf(bed, second++))), 1000)

  const views = await firstViews(http.url, BEDS)

  const { page, complaints } = await openPage(browser, http.url)
  await page.locator('.tile .strip canvas').first().waitFor()
  const cdp = await browser.newBrowserCDPSession()
  const spent = async () => {
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo')
    const of = (type?: string) =>
      processInfo.filter((it) => type === undefined || it.type === type).reduce((sum, it) => sum + it.cpuTime, 0)
    return { renderer: of('renderer'), all: of() }
  }
  const main = await page.context().newCDPSession(page)
  await main.send('Performance.enable')
  const task = async () =>
    (await main.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')!.value
  const [before, began, tasks] = [await spent(), performance.now(), await task()]
  await new Promise((done) => setTimeout(done, SECONDS * 1000))
  const [after, seconds, tasked] = [await spent(), (performance.now() - began) / 1000, await task()]

  // an alert: from its delivery to the feed until its sentence stands in the tile
  const updates: number[] = []
  for (let i = 0; i < ALERTS; i++) {
    const label = `HR ${150 + i} /min, above 150 for 5 s`
    const seen = page.evaluate(
      (words) =>
        new Promise<number>((done) => {
          const look = () => {
            if (document.querySelector('.tiles')?.textContent?.includes(words)) done(Date.now())
            else requestAnimationFrame(look)
          }
          look()
        }),
      label,
    )
    await new Promise((done) => setTimeout(done, 137 + 53 * i))
    const told = Date.now()
    await feed.deliver([alertOf(beds[i]!, { id: 100 + i, label })])
    updates.push((await seen) - told)
  }
  clearInterval(playing)
  const sorted = (of: number[]) => of.toSorted((a, b) => a - b).map(Math.round)
  const share = (cpu: number) => `${Math.round((100 * cpu) / seconds)} %`
  console.log(
    JSON.stringify({
      firstViewMs: sorted(views),
      updateMs: sorted(updates),
      cpuOfACore: {
        renderer: share(after.renderer - before.renderer),
        chromium: share(after.all - before.all),
        pageTasks: share(tasked - tasks),
      },
    }),
  )
  expect(await page.locator('.tile.alerted').count()).toBe(ALERTS)
  expect(complaints).toEqual([])
  await page.close()
  await http.close()
  await feed.close()
}, 600_000)
