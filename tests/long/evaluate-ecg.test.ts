import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { random } from '../../src/random.ts'
import { vigil } from '../integration/vigil.ts'

const SAMPLES = 6000
const PERIOD = 90
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'vigil-evaluate-ecg-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Beats of a kind, with a few of another kind after the part that is trained on. */
function made(labelled: boolean): string {
  const { normal } = random(1)
  const rows = Array.from({ length: SAMPLES }, (_, t) => {
    const odd = Math.floor(t / PERIOD) % 13 === 11
    const phase = (t % PERIOD) / PERIOD
    const beat = odd ? Math.exp(-(((phase - 0.4) / 0.15) ** 2)) : Math.exp(-(((phase - 0.5) / 0.05) ** 2))
    return `${(beat + 0.02 * normal()).toFixed(3)}${labelled ? `,${odd ? 1 : 0}` : ''}`
  })
  return rows.join('\n')
}

describe('vigil evaluate ecg', () => {
  it('trains, steps, scores and writes one score a sample; a record without labels has no figure', async () => {
    await writeFile(path.join(folder, 'MBA_ECG1_data.out'), made(true))
    await writeFile(path.join(folder, 'bare.txt'), made(false))
    const predictions = path.join(folder, 'predictions')
    const { code, stdout, stderr } = await vigil([
      ...['evaluate', 'ecg', '--data', folder, '--predictions', predictions, '--json'],
    ])
    expect(code).toBe(0)
    const printed = JSON.parse(stdout)
    expect(Object.keys(printed.records)).toEqual(['1'])
    expect(printed.meanAucPr).toBe(printed.records['1'].aucPr)
    expect(printed.meanAucPr).toBeGreaterThan(0.4) // one row in 13 is odd; six beats were trained on
    expect(stderr).toContain('1 records without a label')
    for (const name of ['1', 'bare']) {
      const scores = (await readFile(path.join(predictions, `${name}.csv`), 'utf8')).trimEnd().split('\n').map(Number)
      expect(scores.length).toBe(SAMPLES)
      expect(scores.every(Number.isFinite)).toBe(true)
    }
  })
})
