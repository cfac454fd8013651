import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { evaluateMortality2012 } from '../../src/evaluation/mortality2012.ts'
import { evaluateSepsis2019 } from '../../src/evaluation/sepsis2019.ts'
import { probabilityOf, scoreHourly } from '../../src/evaluation/serve-hourly.ts'
import { openClassifier } from '../../src/inference/model-store.ts'
import { readPhysionet2019 } from '../../src/training/cohorts/physionet2019.ts'
import { type HourlyStay, noFaults } from '../../src/training/cohorts/stay.ts'
import { hourlyReadings, hourlyWards } from '../stream/hourly-ward.ts'

const MODELS = fileURLToPath(new URL('../../models/', import.meta.url))
/** A folder with `physionet2019` (training set B) and `physionet2012` (sets a and b), as the publisher lays them out. */
const DATA = process.env['VIGIL_DATA']

/**
 * What the shipped graphs score on the open data they were fitted on, and the lower end of its 95 % interval: no measure of
 * their skill (docs/benchmarks.md has that), but of whether graph, inputs and step are still what was registered.
 */
const SHIPPED: Readonly<Record<string, { readonly figure: number; readonly low: number }>> = {
  'sepsis@1.0.0': { figure: 0.4701, low: 0.445 },
  'mortality@1.0.0': { figure: 0.6324, low: 0.6042 },
}

/** patients of the publisher that are served at a bed */
const SERVED = 200

/** Why a benchmark is not run; undefined when it can be. */
function missing(folder: string): string | undefined {
  if (DATA === undefined) return 'VIGIL_DATA names no folder of data'
  return existsSync(join(DATA, folder)) ? undefined : `VIGIL_DATA has no folder ${folder}`
}

function held(model: string, figure: number | null): void {
  const shipped = SHIPPED[model]
  expect(shipped, `${model} has no figure in this test: evaluate it, and put it here`).toBeDefined()
  expect(figure).toBeGreaterThanOrEqual(shipped!.low)
  console.log(`${model}: ${figure!.toFixed(4)}, registered with ${shipped!.figure}`)
}

describe('the figure of a shipped model has not dropped by more than its interval', () => {
  it('sepsis, utility on the Challenge 2019', async ({ skip }) => {
    const why = missing('physionet2019')
    if (why !== undefined) {
      console.log(`not run: ${why}`)
      skip(why)
    }
    const { report } = await evaluateSepsis2019(await openClassifier(MODELS, 'sepsis'), join(DATA!, 'physionet2019'))
    held(report.model, report.utility)
  })

  it('mortality, Event 1 on the Challenge 2012', async ({ skip }) => {
    const why = missing('physionet2012')
    if (why !== undefined) {
      console.log(`not run: ${why}`)
      skip(why)
    }
    const { report } = await evaluateMortality2012(
      await openClassifier(MODELS, 'mortality'),
      join(DATA!, 'physionet2012'),
    )
    held(report.model, report.event1)
  })
})

describe('patients of the publisher', () => {
  it('have at a bed, the risks that evaluation gives them', async ({ skip }) => {
    const why = missing('physionet2019')
    if (why !== undefined) {
      console.log(`not run: ${why}`)
      skip(why)
    }
    const stays: HourlyStay[] = []
    for await (const stay of readPhysionet2019(join(DATA!, 'physionet2019'), noFaults())) {
      stays.push(stay)
      if (stays.length === SERVED) break
    }
    const bundle = await openClassifier(MODELS, 'sepsis')
    async function* all() {
      yield* stays
    }
    const wards = await hourlyWards()
    const bed = wards.fresh({ models: ['sepsis'] })
    for (const stay of stays)
      await bed.give(hourlyReadings(wards.table, 'sepsis-hour', stay, Date.UTC(2026, 0, 5), 3600))
    let hours = 0
    for await (const { stay, logits } of scoreHourly(bundle, all())) {
      hours += logits.length
      const wanted = Array.from(logits, (logit) => probabilityOf(bundle.manifest, logit))
      expect(bed.risks(stay.name, 'sepsis')).toEqual(wanted)
    }
    await wards.close()
    console.log(`${stays.length} patients, ${hours} hours, every one the same to the last bit`)
  })
})
