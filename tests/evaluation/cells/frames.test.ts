import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareBedside } from '../../../src/evaluation/cells/bedside.ts'
import { compareTranslation } from '../../../src/evaluation/cells/translation.ts'
import { CELL_VARIANTS } from '../../../src/evaluation/cells/variants.ts'
import { openTrainingEngine } from '../../../src/training/engine.ts'
import { bidmcCsv, swingingStay } from '../../training/made-stays.ts'

const split = {
  train: ['made_0', 'made_1', 'made_2'],
  validation: ['made_3'],
  calibration: ['made_4'],
  test: ['made_5', 'made_6'],
}
const variants = CELL_VARIANTS.filter(({ name }) => ['perceptron', 'lstm'].includes(name))

describe('cells on frames', { timeout: 90_000 }, () => {
  let dir: string
  const lines: string[] = []
  const options = { seeds: 1, hidden: 8, log: (line: string) => void lines.push(line) }
  beforeAll(async () => {
    await openTrainingEngine('wasm')
    dir = await mkdtemp(join(tmpdir(), 'vigil-cells-'))
    for (const [i, name] of Object.values(split).flat().entries()) {
      await writeFile(join(dir, `${name}_Numerics.csv`), bidmcCsv(swingingStay(name, 300, i + 1)))
    }
  })
  afterAll(() => rm(dir, { recursive: true }))

  it('forecasts: what swings is foreseen by what remembers, and all other recordings are tested on', async () => {
    const { measures, testPatients } = await compareBedside(dir, variants, 'lstm', { ...options, epochs: 30 }, split)
    const { perceptron, lstm } = measures['nats']!
    expect(testPatients).toBe(4)
    expect(lstm!.mean).toBeLessThan(perceptron!.mean - 0.1)
    expect(lines.filter((line) => line.startsWith('bedside, '))).toHaveLength(2)
  })

  it('translation: an error and a share of faults found for each, the errors of both finite', async () => {
    const { measures, testPatients } = await compareTranslation(dir, variants, 'lstm', { ...options, epochs: 6 }, split)
    expect(testPatients).toBe(2)
    for (const { mean } of Object.values(measures['error']!)) expect(mean).toBeGreaterThan(0)
    // cables exchanged and values gone are found by anything that works
    for (const { mean } of Object.values(measures['found']!)) {
      expect(mean).toBeGreaterThan(0.15)
      expect(mean).toBeLessThanOrEqual(1)
    }
  })
})
