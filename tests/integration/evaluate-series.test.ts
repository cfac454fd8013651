import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { madeSeries } from '../evaluation/made-series.ts'
import { vigil } from './vigil.ts'

const SERIES = [madeSeries('made/broken.csv', 1200, 1, 900), madeSeries('made/whole.csv', 700, 2)]
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'vigil-evaluate-'))
  await mkdir(path.join(folder, 'nab', 'data', 'made'), { recursive: true })
  for (const { name, stamps, texts } of SERIES) {
    const rows = stamps.map((stamp, row) => `${stamp},${texts[row]}\n`).join('')
    await writeFile(path.join(folder, 'nab', 'data', name), `timestamp,value\n${rows}`)
  }
})
afterAll(() => rm(folder, { recursive: true }))

async function nab(...args: string[]) {
  const data = path.join(folder, 'nab')
  const { code, stdout, stderr } = await vigil(['evaluate', 'nab', '--data', data, '--json', ...args])
  return { code, stderr, printed: JSON.parse(stdout) }
}

describe('vigil evaluate nab', () => {
  it('without labels writes predictions, row for row, and says that there is no metric', async () => {
    const predictions = path.join(folder, 'unlabelled')
    const { code, stderr, printed } = await nab('--predictions', predictions)
    expect(code).toBe(0)
    expect(stderr).toContain('no metric')
    expect(printed).toMatchObject({ standard: null, rewardLowFP: null, rewardLowFN: null, threshold: 0.5, series: 2 })
    const lines = (await readFile(path.join(predictions, 'made', 'vigil_broken.csv'), 'utf8')).trimEnd().split('\n')
    expect(lines[0]).toBe('timestamp,value,anomaly_score,label')
    expect(lines.length).toBe(1201)
    expect(lines[1]).toBe(`${SERIES[0]!.stamps[0]},${SERIES[0]!.texts[0]},0,0`)
  })

  it('with labels prints the three profiles, the threshold and the baselines; twice the same', async () => {
    const { stamps, windows } = SERIES[0]!
    const window = [stamps[windows![0]!.first], stamps[windows![0]!.last]]
    await mkdir(path.join(folder, 'nab', 'labels'))
    const labels = JSON.stringify({ 'made/broken.csv': [window], 'made/whole.csv': [] })
    await writeFile(path.join(folder, 'nab', 'labels', 'combined_windows.json'), labels)
    const report = path.join(folder, 'reports', 'nab.html')
    const { code, printed } = await nab('--report', report)
    expect(code).toBe(0)
    expect(Object.keys(printed).slice(0, 4)).toEqual(['standard', 'rewardLowFP', 'rewardLowFN', 'threshold'])
    expect(printed.standard).toBeGreaterThan(0)
    expect(printed.standard).toBeLessThanOrEqual(100)
    expect(Object.keys(printed.baselines)).toContain('our pipeline without a network')
    for (const name of ['last value', 'fixed limits', 'AR(12)', 'PCA', 'ewma', 'robust z, anomaly likelihood'])
      expect(printed.above[name]).toHaveLength(2)
    expect(await readFile(report, 'utf8')).toContain('Ten worst cases')
    expect((await nab()).printed).toEqual(printed)
  })
})

describe('vigil evaluate', () => {
  it('says at once that a report is an HTML file', async () => {
    const { code, stderr } = await vigil(['evaluate', 'nab', '--data', folder, '--report', 'report.pdf'])
    expect(code).toBe(2)
    expect(stderr).toContain('its name ends in .html')
  })

  it.each(['nab', 'ecg'])('%s says what a folder lacks', async (benchmark) => {
    const empty = path.join(folder, 'empty')
    await mkdir(empty, { recursive: true })
    const { code, stdout, stderr } = await vigil(['evaluate', benchmark, '--data', empty, '--json'])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('vigil: data-missing: ')
  })
})
