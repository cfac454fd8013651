import type { ModelManifest } from '../vitals/manifest.ts'
import type { Conduct } from './calibrate.ts'
import { learningCurve } from './learning-curve.ts'
import type { TrainingMetrics } from './metrics.ts'
import type { Forecaster } from './recipe.ts'

/** The model card, Markdown (after Mitchell et al., arXiv 1810.03993). */
export function cardOf(
  recipe: Forecaster,
  manifest: ModelManifest,
  metrics: TrainingMetrics,
  notes: readonly string[],
): string {
  const { training, calibration, policy, graph } = manifest
  const horizons = manifest.horizons.map((ticks) => `${ticks * manifest.grid.cadenceSeconds} s`)
  const sections = [
    `# ${manifest.name} ${manifest.version}`,
    `**Purpose.** ${recipe.purpose}`,
    `**Not for.** ${recipe.notFor}`,
    '## Data',
    `${training.data}, one frame every ${manifest.grid.cadenceSeconds} s through the grid that serves. Split by patient; hash of the files \`${training.dataSha256.slice(0, 16)}\`.`,
    table(
      ['part', 'recordings'],
      (['train', 'validation', 'calibration', 'test'] as const).map((part) => [part, listed(training.split[part])]),
    ),
    ...notes,
    "Validation chose when to stop; training and validation set the degrees of freedom. Thresholds come from training, validation and calibration together, each value in its patient's own spread; the table of advisories shows each part, so that what the network knows better of those it learnt from would be seen. Nothing was fitted on test, but its figures were seen while recipes were tried: take them for development figures.",
    '## Channels',
    table(
      ['channel', 'centre', 'scale'],
      manifest.channels.map((name, c) => [
        name,
        String(manifest.normaliser.centre[c]!),
        String(manifest.normaliser.scale[c]!),
      ]),
    ),
    '## Held-out likelihood',
    'Mean surprise of what came, in nats per value (lower is better), on the test recordings after warm-up: minus the logarithm of the probability the forecast gave to the resolution cell of the value. All three forecasters have Student-t noise with fitted degrees of freedom and no scale below half a cell. "Last value" is near unbeatable at 1 s.',
    likelihoods(manifest, horizons, metrics),
    '## Calibration',
    `From ${calibration.patients} recordings (${calibration.frames} frames, ${calibration.minutes} minutes). ${calibration.calibrated ? '' : 'Marked as not calibrated: a site must give 20 patient-days of its own.'}`,
    'Share of test values whose cell touches the central band of the forecast:',
    coverage(manifest, horizons, metrics.conduct.test),
    `An advisory is raised when ${policy.n} of the last ${policy.of} ticks have p < ${policy.q}, p being the chance that a minute of a patient who is as before shows as much anywhere, and ends after ${policy.clearSeconds} s of p > ${Math.min(0.5, 10 * policy.q)}; the first ${manifest.warmupSteps} frames of a patient raise nothing.`,
    conduct(horizons, metrics),
    'The recordings are short and few: an alarm more or less moves a rate by a lot.',
    ...changes(metrics),
    '## Network',
    `${graph.layers} LSTM layers of ${graph.hidden}, ${graph.parameters} parameters, ${training.updates} updates on the ${training.engine} engine, seed ${training.seed}. Graph \`${graph.sha256.slice(0, 16)}\` as ${graph.form}, within ${metrics.parity.toExponential(1)} of the trainer.`,
    `Memory half-lives (ln 2 / -ln of the mean forget gate), ticks: ${metrics.halfLives.map((layer, l) => `layer ${l + 1} ${halfLifeQuantiles(layer)}`).join('; ')}.`,
    'Learning curve, nats per value: train with dropout and varied stays (dashed), validation (solid).',
    learningCurve(metrics.learning),
    ...skipped(metrics),
    '## Known failure modes',
    recipe.failureModes.map((mode) => `* ${mode}`).join('\n'),
  ]
  return `${sections.join('\n\n')}\n`
}

function likelihoods(manifest: ModelManifest, horizons: readonly string[], { heldOut }: TrainingMetrics): string {
  const rows = horizons.flatMap((horizon, k) =>
    manifest.channels.map((name, c) => {
      const [model, last, auto] = [heldOut.model, heldOut.lastValue, heldOut.autoregression].map((of) => of[k]![c]!)
      const best = Math.min(model!, last!, auto!)
      const cell = (value: number) => (value === best ? `**${value.toFixed(3)}**` : value.toFixed(3))
      return [horizon, name, cell(model!), cell(last!), cell(auto!), String(heldOut.orders[k]![c]!)]
    }),
  )
  const all = (of: readonly (readonly number[])[]) => {
    const flat = of.flat()
    return (flat.reduce((a, b) => a + b, 0) / flat.length).toFixed(3)
  }
  rows.push(['mean', '', all(heldOut.model), all(heldOut.lastValue), all(heldOut.autoregression), ''])
  return table(['horizon', 'channel', 'LSTM', 'last value', 'autoregression', 'order'], rows)
}

function coverage(manifest: ModelManifest, horizons: readonly string[], conduct: Conduct): string {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`
  return table(
    ['horizon', 'band', ...manifest.channels],
    horizons.flatMap((horizon, k) => [
      [horizon, '90 %', ...conduct.inside90[k]!.map(percent)],
      [horizon, '99 %', ...conduct.inside99[k]!.map(percent)],
    ]),
  )
}

function conduct(horizons: readonly string[], metrics: TrainingMetrics): string {
  const rows = (['train', 'validation', 'calibration', 'test'] as const).map((part) => {
    const on = metrics.conduct[part]
    return [
      part,
      on.hours.toFixed(2),
      String(on.alarms),
      (on.alarms / on.hours).toFixed(1),
      `${(100 * on.alarmTime).toFixed(1)} %`,
      ...on.exceedance.map((share) => `${(100 * share).toFixed(2)} %`),
    ]
  })
  return table(
    [
      'part',
      'hours',
      'advisories',
      'per hour',
      'time in advisory',
      ...horizons.map((horizon) => `p < q at ${horizon}`),
    ],
    rows,
  )
}

/** Names, or how many where there are too many to read. */
const listed = (names: readonly string[]): string =>
  names.length <= 40 ? names.join(', ') : `${names.length} patients`

function changes({ ramps }: TrainingMetrics): string[] {
  if (ramps.length === 0) return []
  return [
    'Changes put into the validation recordings, from their middle on, and in how many the detector raises an advisory. What it does not notice is left to the fixed limits:',
    table(
      ['change', 'noticed'],
      ramps.map(({ label, stays, noticed }) => [label, `${noticed} of ${stays}`]),
    ),
  ]
}

function skipped({ skippedUpdates }: TrainingMetrics): string[] {
  if (skippedUpdates === undefined) return []
  return [`${skippedUpdates} updates were left out because loss or gradient was not finite.`]
}

/** Lower decile, median, upper decile. */
export function halfLifeQuantiles(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!.toFixed(1)
  return `${at(0.1)} / ${at(0.5)} / ${at(0.9)}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
