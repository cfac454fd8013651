import { VigilError } from '../errors.ts'
import type { StepEngine } from '../stream/ports.ts'
import type { ModelBundle } from './model-store.ts'

/** Rows of the batch the golden row is stepped in; the others are fed the same frames in another order. */
const COMPANY = 7
/** The golden row's place among them: neither first nor last. */
const PLACE = 3

/**
 * Step the golden frames of a model through an engine, alone and then inside a batch of other rows, and compare every
 * forecast and the last state with what the trainer computed. The engine's state rows are left as they were found.
 * @throws VigilError golden-mismatch, naming the step, the output and the difference
 */
export async function verifyGolden(engine: StepEngine, bundle: ModelBundle): Promise<void> {
  const before = Array.from({ length: COMPANY }, (_, slot) => {
    const row = new Float32Array(engine.stateSize)
    engine.readState(slot, row)
    return row
  })
  try {
    await compare(engine, bundle, 1, 0)
    await compare(engine, bundle, COMPANY, PLACE)
  } finally {
    for (const [slot, row] of before.entries()) engine.writeState(slot, row)
  }
}

/** @param place the golden row among `rows` */
async function compare(engine: StepEngine, { golden, dir }: ModelBundle, rows: number, place: number): Promise<void> {
  const steps = golden.x.length
  const features = golden.x[0]!.length
  const slots = Int32Array.from({ length: rows }, (_, row) => row)
  const x = new Float32Array(rows * features)
  const company = rows === 1 ? 'alone' : `in a batch of ${rows}`
  for (const slot of slots) engine.reset(slot)
  for (let step = 0; step < steps; step++) {
    // the others run ahead of the golden row by as many steps as they stand from it
    for (let row = 0; row < rows; row++) x.set(golden.x[(step + row - place + steps) % steps]!, row * features)
    const forecast = await engine.step(slots, x, rows)
    const wanted = golden.forecast[step]!
    const from = place * wanted.length
    for (const [i, value] of wanted.entries()) {
      expect(forecast[from + i]!, value, golden.tolerance, `step ${step}, forecast[${i}], ${company}`, dir)
    }
  }
  const state = new Float32Array(engine.stateSize)
  engine.readState(slots[place]!, state)
  const hidden = golden.h[0]!.length
  for (const [layer, h] of golden.h.entries()) {
    const at = layer * 2 * hidden
    for (let i = 0; i < hidden; i++) {
      const where = `after step ${steps - 1}, layer ${layer}, unit ${i}, ${company}`
      expect(state[at + i]!, h[i]!, golden.tolerance, `h ${where}`, dir)
      expect(state[at + hidden + i]!, golden.c[layer]![i]!, golden.tolerance, `c ${where}`, dir)
    }
  }
}

function expect(found: number, wanted: number, tolerance: number, where: string, place: string): void {
  const difference = Math.abs(found - wanted)
  if (difference <= tolerance) return // NaN does not pass
  const message = `${where}: ${found} differs from ${wanted} by ${difference}, tolerance ${tolerance}`
  throw new VigilError('golden-mismatch', message, { place })
}
