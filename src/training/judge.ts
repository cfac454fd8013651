import type { StepEngine } from '../stream/ports.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import { calibrate, conductOn, type Uncalibrated } from './calibrate.ts'
import type { FramedStay, Stay } from './dataset.ts'
import type { TrainingMetrics } from './metrics.ts'
import { RAMPS, withRamp } from './ramps.ts'

/** The four parts of the data. */
export type Parts<T> = Readonly<Record<'train' | 'validation' | 'calibration' | 'test', T>>

export interface Judged extends Pick<TrainingMetrics, 'conduct' | 'ramps'> {
  readonly manifest: ModelManifest
}

/**
 * Everything of a version that rests on how its graph is scored: the calibration, and what the detector then does on each
 * part of the data.
 * @param frame a stay as the network is fed
 */
export async function judge(
  engine: StepEngine,
  uncalibrated: Uncalibrated,
  table: ChannelTable,
  raw: Parts<readonly Stay[]>,
  frame: (stay: Stay) => FramedStay,
): Promise<Judged> {
  const framed = (part: keyof Parts<unknown>) => raw[part].map(frame)
  const [train, validation, calibration] = [framed('train'), framed('validation'), framed('calibration')]
  // few hours are at hand, and a patient's own spread takes out what the network knows better of those it learnt from
  const known = [...calibration, ...validation, ...train]
  const manifest = { ...uncalibrated, calibration: await calibrate(engine, uncalibrated, table, known) }
  const conduct = {
    train: await conductOn(engine, manifest, table, train),
    calibration: await conductOn(engine, manifest, table, calibration),
    validation: await conductOn(engine, manifest, table, validation),
    test: await conductOn(engine, manifest, table, framed('test')),
  }
  const ramps: TrainingMetrics['ramps'][number][] = []
  for (const ramp of RAMPS) {
    if (!ramp.channels.every((name) => manifest.channels.includes(name))) continue
    const changed = raw.validation.map((stay) => frame(withRamp(stay, ramp, table)))
    const after = await conductOn(engine, manifest, table, changed)
    const noticed = Math.max(0, after.staysWithAlarm - conduct.validation.staysWithAlarm)
    ramps.push({ label: ramp.label, stays: changed.length, noticed })
  }
  return { manifest, conduct, ramps }
}
