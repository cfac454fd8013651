import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { poissonInterval } from '../../alerts/alarm-rate.ts'
import type { ModelBundle } from '../../inference/model-store.ts'
import { writeBundle } from '../../training/bundle.ts'
import type { ModelManifest } from '../../vitals/manifest.ts'
import { withThresholds } from '../watched.ts'
import type { CalibratedThreshold } from './calibration.ts'

/** Patient-days of its own that a site must give before a model may call itself calibrated. */
export const ENOUGH_DAYS = 20

/** The manifest of a version whose threshold a site's recordings set; the same graph and the same p-values. */
export function siteManifest(
  manifest: ModelManifest,
  version: string,
  perDay: number,
  { q, drift, patients, patientDays, alarms }: CalibratedThreshold,
): ModelManifest {
  return {
    ...withThresholds(manifest, { q, drift }),
    version,
    calibration: { ...manifest.calibration, calibrated: patientDays >= ENOUGH_DAYS },
    site: { budgetPerPatientDay: perDay, patients, patientDays, alarms },
  }
}

/**
 * Write a version into a registry: the files of the one it comes from, with the new manifest and a section on its card.
 * @returns the folder of the version
 */
export async function writeSiteVersion(
  registry: string,
  from: ModelBundle,
  manifest: ModelManifest,
  found: CalibratedThreshold,
): Promise<string> {
  const [card, metrics] = await Promise.all([
    readFile(join(from.dir, 'card.md'), 'utf8'),
    readFile(join(from.dir, 'metrics.json'), 'utf8'),
  ])
  const dir = join(registry, manifest.name, manifest.version)
  const { onnx, golden } = from
  const titled = card.replace(/^# .*/, `# ${manifest.name} ${manifest.version}`)
  await writeBundle(dir, {
    manifest,
    onnx,
    golden,
    metrics: JSON.parse(metrics),
    card: titled + section(manifest, found),
  })
  return dir
}

function section({ site, policy, calibration }: ModelManifest, found: CalibratedThreshold): string {
  const [low, high] = poissonInterval(found.alarms)
  const per = (count: number) => (count / found.patientDays).toPrecision(2)
  const verdict = calibration.calibrated
    ? 'Marked as calibrated.'
    : `Marked as not calibrated: that takes ${ENOUGH_DAYS} patient-days.`
  return `
## Threshold of a site

Budget ${site!.budgetPerPatientDay} a patient-day; p < ${policy.q.toExponential(2)}, limits of drift times ${policy.drift.toFixed(2)}, on the site's own recordings: ${found.patients} patients, ${Number(found.patientDays.toPrecision(3))} patient-days, ${found.alarms} advisories, ${per(found.alarms)} a patient-day (95 % ${per(low)} to ${per(high)}). ${verdict} ${alarmsStated(found)}
`
}

/** What else alarmed in the recordings that set a threshold: they were not chosen to be calm. */
export function alarmsStated({ limitAlarms, technical }: CalibratedThreshold): string {
  return `Fixed limits alarmed ${limitAlarms} times and sensors ${technical} times in these recordings; whatever made them is in the threshold too.`
}
