import { VigilError } from '../errors.ts'
import type { StepEngine } from '../stream/ports.ts'
import type { AnyManifest, ModelBundle } from './model-store.ts'

/** Rows of the batch the golden row is stepped in; the others are fed the same frames in another order. */
const COMPANY = 7
/** The golden row's place among them: neither first nor last. */
const PLACE = 3

/**
 * Step the golden frames of a model through an engine, alone and then inside a batch of other rows, and compare every
 * forecast and the last state with what the trainer computed. On the processor the batch must give the same bits as the
 * row alone; other providers promise that only within the tolerance. The engine's state rows are left as they were found.
 * @throws VigilError golden-mismatch, naming the step, the output and the difference
 */
export async function verifyGolden(engine: StepEngine, bundle: AnyBundle): Promise<void> {
  await engine.fetchStates?.()
  const before = Array.from({ length: COMPANY }, (_, slot) => {
    const row = new Float32Array(engine.stateSize)
    engine.readState(slot, row)
    return row
  })
  try {
    const alone = await stepped(engine, bundle, 1, 0)
    compare(alone, bundle, 'alone')
    const together = await stepped(engine, bundle, COMPANY, PLACE)
    compare(together, bundle, `in a batch of ${COMPANY}`)
    if (engine.provider === 'cpu') same(together, alone, bundle)
  } finally {
    for (const [slot, row] of before.entries()) engine.writeState(slot, row)
  }
}

/** A forecaster or a classifier: both have golden steps. */
type AnyBundle = Pick<ModelBundle<AnyManifest>, 'golden' | 'dir'>

/** What an engine makes of the golden frames. */
interface Outcome {
  /** [T, O] */
  readonly forecasts: Float32Array
  /** [S] after the last step */
  readonly state: Float32Array
}

/** @param place the golden row among `rows` */
async function stepped(engine: StepEngine, { golden }: AnyBundle, rows: number, place: number): Promise<Outcome> {
  const steps = golden.x.length
  const features = golden.x[0]!.length
  const size = engine.forecastSize
  const slots = Int32Array.from({ length: rows }, (_, row) => row)
  const x = new Float32Array(rows * features)
  const forecasts = new Float32Array(steps * size)
  for (const slot of slots) engine.reset(slot)
  for (let step = 0; step < steps; step++) {
    // the others run ahead of the golden row by as many steps as they stand from it
    for (let row = 0; row < rows; row++) x.set(golden.x[(step + row - place + steps) % steps]!, row * features)
    const forecast = await engine.step(slots, x, rows)
    forecasts.set(forecast.subarray(place * size, (place + 1) * size), step * size)
  }
  const state = new Float32Array(engine.stateSize)
  await engine.fetchStates?.()
  engine.readState(slots[place]!, state)
  return { forecasts, state }
}

function compare({ forecasts, state }: Outcome, { golden, dir }: AnyBundle, company: string): void {
  const expect = (found: number, wanted: number, where: string): void => {
    const difference = Math.abs(found - wanted)
    if (difference <= golden.tolerance) return // NaN does not pass
    const message = `${where}, ${company}: ${found} differs from ${wanted} by ${difference}, tolerance ${golden.tolerance}`
    throw new VigilError('golden-mismatch', message, { place: dir })
  }
  for (const [step, wanted] of golden.forecast.entries()) {
    for (const [i, value] of wanted.entries()) {
      expect(forecasts[step * wanted.length + i]!, value, `step ${step}, forecast[${i}]`)
    }
  }
  const hidden = golden.h[0]!.length
  for (const [layer, h] of golden.h.entries()) {
    const c = golden.c[layer]
    const at = layer * (c === undefined ? 1 : 2) * hidden
    for (let i = 0; i < hidden; i++) {
      const where = `after step ${golden.x.length - 1}, layer ${layer}, unit ${i}`
      expect(state[at + i]!, h[i]!, `h ${where}`)
      if (c !== undefined) expect(state[at + hidden + i]!, c[i]!, `c ${where}`)
    }
  }
}

/** A patient's forecasts must not depend on who shares the batch: bit for bit. */
function same(together: Outcome, alone: Outcome, { dir }: AnyBundle): void {
  for (const part of ['forecasts', 'state'] as const) {
    const at = together[part].findIndex((value, i) => !Object.is(value, alone[part][i]))
    if (at < 0) continue
    const [found, wanted] = [together[part][at], alone[part][at]]
    const message = `${part}[${at}]: a row gives ${wanted} alone and ${found} in a batch of ${COMPANY}`
    throw new VigilError('golden-mismatch', message, { place: dir })
  }
}
