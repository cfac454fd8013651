import { join } from 'node:path'
import { openModel } from '../inference/model-store.ts'
import { lockFolder } from '../inference/registry/lock.ts'
import { challenge, promote } from '../inference/registry/promotion.ts'
import { nextVersion } from '../inference/registry/versions.ts'
import type { TrainerTelemetry } from '../stream/ports.ts'
import { writeBundle } from '../training/bundle.ts'
import { channelTable } from '../vitals/channels.ts'
import { type GateVerdict, VERDICT_VERSION } from '../vitals/gate-verdict.ts'
import { type ChallengerOptions, trainChallenger } from './challenger.ts'
import type { Collected } from './collect.ts'
import { judge } from './gate.ts'
import { gateSection } from './gate-card.ts'
import { splitWindow } from './window.ts'

export interface CycleOptions extends ChallengerOptions {
  /** the registry, and the name of the model whose champion is challenged */
  readonly registry: string
  readonly name: string
  /** share of the window's time that is held out */
  readonly heldOut: number
  /** what becomes of a challenger that passes: it scores in shadow first, or serves at once */
  readonly whenPassed: 'shadow' | 'promote'
  readonly now: () => number
  readonly telemetry?: TrainerTelemetry
}

export interface Cycled {
  /** folder of the new version, passed or refused */
  readonly dir: string
  readonly verdict: GateVerdict
}

/**
 * One cycle of a model's life: a challenger is trained on a window, judged against the champion, registered with its
 * verdict whatever that is, and named challenger or champion when it passed. One that is refused changes nothing else.
 * @throws VigilError registry-locked while another trains the model; data-unfit, model-not-found, training-failed and what
 *   the registry throws: champion and aliases are then as they were
 */
export async function retrain(collected: Collected, options: CycleOptions): Promise<Cycled> {
  const { registry, name, log } = options
  const lock = await lockFolder(join(registry, name), `the retraining of ${name}`)
  try {
    const touched = (line: string) => {
      lock.touch()
      log(line)
    }
    return await alone(collected, { ...options, log: touched })
  } finally {
    await lock.release()
  }
}

async function alone(collected: Collected, options: CycleOptions): Promise<Cycled> {
  const { registry, name, log, telemetry } = options
  const champion = await openModel(registry, name)
  const { manifest } = champion
  const table = channelTable(manifest.declares)
  const window = splitWindow(collected, table, manifest.channels, options.heldOut)
  const { train, validation, calibration, test } = window.stays
  log(
    `window of ${collected.readings.size} patients: ${train.length} train, ${validation.length} validate, ${calibration.length} set thresholds, ${test.length} judge`,
  )
  const patients = {
    train: train.length,
    validation: validation.length,
    calibration: calibration.length,
    test: test.length,
  }
  const all = [...collected.readings.values()].reduce((sum, own) => sum + own.length, 0)
  telemetry?.window(all, patients)
  telemetry?.doing('training')
  const version = await nextVersion(registry, name, manifest.version)
  const { challenger, candidates } = await trainChallenger(champion, version, window, options)
  telemetry?.doing('judging')
  const judged = await judge(champion, challenger.bundle, window.stays, table, log)
  const readings = test.reduce((sum, stay) => sum + stay.readings.length, 0)
  const verdict: GateVerdict = {
    verdictVersion: VERDICT_VERSION,
    model: `${name}@${version}`,
    champion: `${name}@${manifest.version}`,
    at: options.now(),
    window: {
      from: window.from,
      heldOutFrom: window.heldOutFrom,
      to: window.to,
      sha256: window.sha256,
      patients,
      testHours: (readings * manifest.grid.cadenceSeconds) / 3600,
    },
    candidates,
    ...judged,
    feedback: window.feedback,
  }
  telemetry?.judged(verdict)
  const dir = join(registry, name, version)
  const { onnx, golden } = challenger.bundle
  const card = challenger.card + gateSection(verdict)
  await writeBundle(dir, {
    manifest: challenger.bundle.manifest,
    onnx,
    golden,
    metrics: challenger.metrics,
    card,
    verdict,
  })
  if (verdict.decision === 'refused') log(`${verdict.model} refused: ${verdict.reasons.join('; ')}`)
  else if (options.whenPassed === 'shadow') {
    await challenge(registry, name, version)
    log(`${verdict.model} passed: it is the challenger`)
  } else {
    await promote(registry, name, version)
    log(`${verdict.model} passed: it is the champion`)
  }
  return { dir, verdict }
}
