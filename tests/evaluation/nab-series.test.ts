import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NAB_SETTINGS, NAB_THRESHOLD } from '../../src/evaluation/nab-detector.ts'
import { NabNetwork } from '../../src/evaluation/nab-network.ts'
import { probationRows } from '../../src/evaluation/nab-score.ts'
import { nabScores } from '../../src/evaluation/nab-series.ts'
import { madeSeries } from './made-series.ts'

const ROWS = 1600
const BROKEN = 1200
const series = madeSeries('made/rhythm.csv', ROWS, 1, BROKEN)
let network: NabNetwork
beforeAll(async () => {
  network = await NabNetwork.open()
})
afterAll(() => network.close())

describe('anomaly scores of a series', () => {
  it('alarm when a rhythm stops, and are quiet during the probation', async () => {
    const scores = await nabScores(series, network)
    const alarms = [...scores.keys()].filter((row) => scores[row]! >= NAB_THRESHOLD)
    expect(alarms.some((row) => row >= BROKEN && row < BROKEN + 200)).toBe(true)
    expect(alarms.filter((row) => row < BROKEN).length).toBeLessThan(6)
    expect(scores.subarray(0, probationRows(ROWS)).every((score) => score === 0)).toBe(true)
  })

  it('keep the refractory time: no two alarms lie closer', async () => {
    const wild = { ...series, values: series.values.map((value, row) => value * (row % 150 === 0 ? row : 1)) }
    const scores = await nabScores(wild, network)
    const alarms = [...scores.keys()].filter((row) => scores[row]! >= NAB_THRESHOLD)
    expect(alarms.length).toBeGreaterThan(1)
    for (let i = 1; i < alarms.length; i++) {
      expect(alarms[i]! - alarms[i - 1]!).toBeGreaterThan(NAB_SETTINGS.refractory * probationRows(ROWS))
    }
  })

  it('pass over rows that cannot be read, in probation and after it', async () => {
    const values = series.values.slice()
    for (const row of [0, 5, 1000, ROWS - 1]) values[row] = Number.NaN
    const scores = await nabScores({ ...series, values }, network)
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true)
    expect([scores[1000], scores[ROWS - 1]]).toEqual([0, 0])
  })

  it.each([
    ['one value for ever', (row: number) => 7 + 0 * row],
    ['nothing but zeros', () => 0],
    ['one step', (row: number) => (row < 1000 ? 0 : 1)],
    ['enormous values', (row: number) => 1e200 * Math.sin(row)],
  ])('are numbers from 0 to 1 for %s', async (_, of) => {
    const scores = await nabScores({ ...series, values: series.values.map((_value, row) => of(row)) }, network)
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true)
  })

  it('are of one setting: nothing can be changed while it runs', () => {
    expect(Object.isFrozen(NAB_SETTINGS)).toBe(true)
  })
})
