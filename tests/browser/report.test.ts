import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SHIPPED_MODELS } from '../../src/app.ts'
import { evaluateNab } from '../../src/evaluation/nab.ts'
import { budgetDocument } from '../../src/evaluation/report/budget-report.ts'
import { nabDocument } from '../../src/evaluation/report/nab-report.ts'
import { sepsisDocument } from '../../src/evaluation/report/sepsis-report.ts'
import { wardDocument } from '../../src/evaluation/report/ward-report.ts'
import { sepsisScores } from '../../src/evaluation/sepsis-scores.ts'
import { openModel } from '../../src/inference/model-store.ts'
import { reportDocument } from '../../src/report/document.ts'
import { noFaults } from '../../src/training/cohorts/stay.ts'
import { madeClassifier } from '../evaluation/made-classifier.ts'
import { madeSepsisCases } from '../evaluation/made-sepsis.ts'
import { madeSeries } from '../evaluation/made-series.ts'
import { madeBudget, madeWard } from '../evaluation/made-ward.ts'
import { launchChromium } from '../setup/chromium.ts'
import { findings, openPage } from './stage.ts'

const PROVENANCE = { command: 'vigil evaluate', data: 'made', date: new Date(Date.UTC(2026, 0, 1)), seconds: 1 }
let browser: Browser
let dir: string
const files: string[] = []

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vigil-report-'))
  const { manifest: bedside } = await openModel(SHIPPED_MODELS, 'bedside')
  const write = async (name: string, text: string) => {
    files.push(join(dir, name))
    await writeFile(join(dir, name), text)
  }
  const series = [madeSeries('made/broken.csv', 1200, 1, 900), madeSeries('made/whole.csv', 700, 2)]
  const corpus = { series, labelled: true, unreadableRows: 0, missing: [] }
  await write('nab.html', reportDocument(nabDocument(corpus, await evaluateNab(corpus, () => {}), [], PROVENANCE)))
  const { manifest } = await madeClassifier('sepsis-hour')
  const cases = madeSepsisCases(60)
  const hours = cases.reduce((sum, { fired }) => sum + fired.length, 0)
  const counted = { model: 'made@1', labels: true, patients: cases.length, hours, alarmHours: 9, trainedOnThese: true, faults: noFaults() } // biome-ignore format: one line
  const report = { ...sepsisScores(cases), ...counted }
  await write('sepsis.html', reportDocument(sepsisDocument({ report, cases }, manifest, undefined, PROVENANCE)))
  await write('ward.html', reportDocument(wardDocument(await madeWard(), bedside, PROVENANCE)))
  await write('budget.html', reportDocument(budgetDocument(await madeBudget(), bedside, PROVENANCE)))
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  await rm(dir, { recursive: true })
})

describe('a report', () => {
  test.each(['light', 'dark'] as const)('is free of what axe-core finds, asks nobody and complains of nothing: %s', async (colorScheme) => {
    for (const file of files) {
      // the policy of the page lets nobody put a script in, axe neither
      const { page, complaints } = await openPage(browser, pathToFileURL(file).href, { colorScheme, bypassCSP: true })
      expect(await findings(page), file).toEqual([])
      expect(complaints, file).toEqual([])
      expect(await page.locator('.case svg').count(), file).toBeGreaterThan(1)
      await page.close()
    }
  }) // biome-ignore format: the name

  test('fits a narrow screen: nothing but a table is wider than it', async () => {
    for (const file of files) {
      const { page } = await openPage(browser, pathToFileURL(file).href, { viewport: { width: 390, height: 844 } })
      expect(await page.evaluate(() => document.documentElement.scrollWidth), file).toBeLessThanOrEqual(390)
      await page.close()
    }
  })

  test('prints on paper: dark ink, no navigation, no case cut in two', async () => {
    const { page } = await openPage(browser, pathToFileURL(files[0]!).href, { colorScheme: 'dark' })
    await page.emulateMedia({ media: 'print' })
    const style = await page.evaluate(() => ({
      ink: getComputedStyle(document.body).color,
      paper: getComputedStyle(document.body).backgroundColor,
      nav: getComputedStyle(document.querySelector('nav')!).display,
      cut: getComputedStyle(document.querySelector('.case')!).breakInside,
    }))
    expect(style).toEqual({ ink: 'rgb(0, 0, 0)', paper: 'rgb(255, 255, 255)', nav: 'none', cut: 'avoid' })
    const pdf = join(dir, 'report.pdf')
    await page.pdf({ path: pdf, format: 'A4', printBackground: true })
    expect((await stat(pdf)).size).toBeGreaterThan(10_000)
    await page.close()
  })
})
