import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { BEDS, type Costs, costsOf, PLAN, scaleBlock, scaleTable, sizeOf, withScale } from '../../src/bench/scale.ts'
import { markdown, readReport } from '../../src/bench/suite/report.ts'

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const COSTS: Costs = {
  readingsPerSecond: 100_000,
  cpuMicrosPerReading: 14,
  bytesPerPatient: 4000,
  idleBytes: 170e6,
  stateBytes: 3000,
  restoreSecondsPerPatient: 40e-6,
}

describe('how many it takes', () => {
  test('a small ward: two processes, for the one that may be lost, and a copy on each of three brokers', () => {
    expect(sizeOf(1000, COSTS)).toMatchObject({
      processes: 2,
      cores: 4,
      partitions: 8,
      brokers: 3,
      readingsPerSecond: 1000,
      stateBytesPerSecond: 1_200_000,
      memoryBytes: 2 * 170e6 + 4e6,
    })
  })

  test('processes follow the readings, and memory where a process has little', () => {
    expect(sizeOf(1_000_000, COSTS).processes).toBe(20)
    expect(sizeOf(1_000_000, COSTS, { ...PLAN, processBytes: 200e6 }).processes).toBe(Math.ceil((1e6 * 4000) / 30e6))
    expect(sizeOf(100_000, COSTS, { ...PLAN, readingsPerBed: 1 / 60 }).processes).toBe(2)
  })

  test('brokers follow what is written, all copies, or the transactions of many partitions', () => {
    // (130 + 3000 / 2.5) bytes x 1,000,000 beds x 3 copies / 200 MB/s
    expect(sizeOf(1_000_000, COSTS).brokers).toBe(20)
    expect(sizeOf(1_000_000, COSTS, { ...PLAN, stateSeconds: 25 }).brokers).toBe(4)
    expect(sizeOf(1_000_000, COSTS, { ...PLAN, stateSeconds: 25, partitionsPerProcess: 100 }).brokers).toBe(10)
  })

  test('a killed process is missed after the session, its beds are read by the others, which then catch up', () => {
    const { recoverySeconds, caughtUpSeconds, restartSeconds } = sizeOf(1_000_000, COSTS)
    // 50,000 beds over 19 others
    expect(recoverySeconds).toBeCloseTo(10 + (50_000 / 19) * 40e-6, 6)
    const behind = caughtUpSeconds - recoverySeconds
    expect(behind).toBeCloseTo((recoverySeconds * 50_000) / 19 / (100_000 - 1e6 / 19), 6)
    expect(restartSeconds).toBeCloseTo(2, 6)
  })

  test('what is full first is the smallest, whatever it is', () => {
    const first = (costs: Partial<Costs>, plan: Partial<typeof PLAN> = {}) =>
      sizeOf(1000, { ...COSTS, ...costs }, { ...PLAN, ...plan }).breaksFirst
    expect(first({})).toEqual({ what: 'the thread that scores', bedsOfOne: 50_000 })
    expect(first({ readingsPerSecond: 1e6 }).what).toMatch(/writes/)
    expect(first({ bytesPerPatient: 1e6 }).what).toMatch(/memory/)
  })
})

test('a million bytes are 1 MB, whatever they were before they were rounded', () => {
  const page = (beds: number) => scaleTable([sizeOf(beds, { ...COSTS, stateBytes: 2499.9 })])
  expect(page(1000)).toContain('| 1 MB/s |')
  expect(page(1_000_000)).toContain('| 1 GB/s |')
})

describe('the committed pages follow the committed results', () => {
  const results = readReport(read('docs/bench/latest.json'), 'docs/bench/latest.json')

  test('the results are whole, and their table is theirs', () => {
    expect(results.partial).toBe(false)
    expect(read('docs/bench/latest.md')).toBe(markdown(results))
  })

  test('the table of sizes is what the model makes of them', () => {
    const page = read('docs/scale.md')
    expect(withScale(page, results)).toBe(page)
    for (const beds of BEDS) expect(page).toContain(`${beds.toLocaleString('en')} beds`)
    expect(scaleBlock(results)).toContain(`| ${sizeOf(1_000_000, costsOf(results)).brokers} |`)
  })

  test('results that lack a bench, and a page without a place, are errors that say so', () => {
    const { restore, ...benches } = results.benches
    expect(restore).toBeDefined()
    expect(() => costsOf({ ...results, benches })).toThrow(/restore/)
    expect(() => withScale('# a page', results)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  })
})
