import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FAULT_GRID } from '../../../src/evaluation/faults/grid.ts'
import { inject } from '../../../src/evaluation/faults/inject.ts'
import { opinionOn, type SecondOpinion } from '../../../src/evaluation/faults/second-opinion.ts'
import { openReconstructor } from '../../../src/inference/model-store.ts'
import { openEngine } from '../../../src/inference/open-engine.ts'
import { channelTable } from '../../../src/vitals/channels.ts'
import { calm } from './made-recording.ts'

describe('the shipped encoder-decoder as a second opinion', () => {
  let opinion: SecondOpinion
  beforeAll(async () => {
    const bundle = await openReconstructor('models', 'encdec')
    const engine = await openEngine(bundle, { providers: ['cpu'], threads: 1, maxBatch: 8, inWorker: true })
    opinion = { manifest: bundle.manifest, engine, table: channelTable() }
  })
  afterAll(() => opinion.engine.close())

  it('speaks every stride from the first whole window on, and of a recording the same alone and among others', async () => {
    const [one, other] = [calm(1, 200), calm(2, 120)]
    const together = (await opinionOn(opinion, [other, one]))(one)
    const alone = (await opinionOn(opinion, [one]))(one)
    expect(Array.from(together)).toEqual(Array.from(alone))
    const { window, stride } = opinion.manifest
    const spoken = Array.from(alone.keys()).filter((second) => !Number.isNaN(alone[second]!))
    expect(spoken).toEqual(Array.from({ length: (200 - window) / stride + 1 }, (_, i) => window - 1 + i * stride))
  })

  it('never looks ahead: what comes later changes nothing said before', async () => {
    const recording = calm(3, 200)
    const later = { ...recording, values: recording.values.map((value, i) => (i >= 150 * 4 ? value + 20 : value)) }
    const [asItWas, changed] = [await opinionOn(opinion, [recording]), await opinionOn(opinion, [later])]
    expect(Array.from(changed(later).subarray(0, 150))).toEqual(Array.from(asItWas(recording).subarray(0, 150)))
    expect(Array.from(changed(later))).not.toEqual(Array.from(asItWas(recording)))
  })

  it('finds exchanged cables far from anything calm patients do', async () => {
    const patients = [4, 5, 6].map((seed) => calm(seed, 300))
    const cell = FAULT_GRID.find(({ kind, channels }) => kind === 'swapped' && channels.join() === 'hr,resp')!
    const exchanged = patients.map((recording) => inject(recording, cell, 1)!)
    const scorer = await opinionOn(opinion, [...patients, ...exchanged])
    const highest = (scores: Float64Array) => Math.max(...scores.filter((score) => !Number.isNaN(score)))
    const calmest = Math.max(...patients.map((recording) => highest(scorer(recording))))
    for (const recording of exchanged) expect(highest(scorer(recording))).toBeGreaterThan(3 * calmest)
  })
})
