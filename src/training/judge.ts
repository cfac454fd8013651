import type { StepEngine } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import { calibrate, conductOn, type Uncalibrated } from './calibrate.ts'
import type { FramedStay } from './dataset.ts'
import type { TrainingMetrics } from './metrics.ts'
import { RAMPS, type Ramp } from './ramps.ts'
import { referenceOf } from './reference.ts'

/** The four parts of the data. */
export type Parts<T> = Readonly<Record<'train' | 'validation' | 'calibration' | 'test', T>>

export interface Judged extends Pick<TrainingMetrics, 'conduct' | 'ramps'> {
  readonly manifest: ModelManifest
}

/**
 * Everything of a version that rests on how its graph is scored: the calibration, the reference of its drift, and what the
 * detector then does on each part of the data.
 * @param ramped the validation stays with a change put in
 */
export async function judge(
  engine: StepEngine,
  uncalibrated: Uncalibrated,
  table: ChannelTable,
  { train, validation, calibration, test }: Parts<readonly FramedStay[]>,
  ramped: (ramp: Ramp) => readonly FramedStay[],
): Promise<Judged> {
  // few hours are at hand, and a patient's own spread takes out what the network knows better of those it learnt from
  const known = [...calibration, ...validation, ...train]
  const calibrated = { ...uncalibrated, calibration: await calibrate(engine, uncalibrated, table, known) }
  const manifest = { ...calibrated, reference: await referenceOf(engine, calibrated, table, known) }
  const conduct = {
    train: await conductOn(engine, manifest, table, train),
    calibration: await conductOn(engine, manifest, table, calibration),
    validation: await conductOn(engine, manifest, table, validation),
    test: await conductOn(engine, manifest, table, test),
  }
  const ramps: TrainingMetrics['ramps'][number][] = []
  for (const ramp of RAMPS) {
    if (!ramp.channels.every((name) => manifest.channels.includes(name))) continue
    const changed = ramped(ramp)
    if (changed.length === 0) continue
    const after = await conductOn(engine, manifest, table, changed)
    const noticed = Math.max(0, after.staysWithAlarm - conduct.validation.staysWithAlarm)
    ramps.push({ label: ramp.label, stays: changed.length, noticed })
  }
  return { manifest, conduct, ramps }
}
