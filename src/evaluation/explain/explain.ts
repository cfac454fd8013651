import { bodyLine } from '../../alerts/body.ts'
import { VigilError } from '../../errors.ts'
import {
  type AnyManifest,
  isClassifier,
  isForecaster,
  type ModelBundle,
  openAnyModel,
} from '../../inference/model-store.ts'
import { openEngine } from '../../inference/open-engine.ts'
import type { StepEngine } from '../../stream/ports.ts'
import { RiskDetector } from '../../stream/risk-detector.ts'
import type { Layout } from '../../stream/state-record.ts'
import { Ward } from '../../stream/ward.ts'
import { wardTickSeconds } from '../../stream/ward-grid.ts'
import type { AlertBody } from '../../vitals/alert.ts'
import { type ChannelTable, channelTable } from '../../vitals/channels.ts'
import type { Settings } from '../../vitals/settings.ts'
import type { Batches } from '../watched.ts'
import { DrivenWard, SILENT } from '../watched.ts'
import { accountOf } from './account.ts'
import { type Difference, differencesOf, STEPS, type StepName } from './differences.ts'
import { Witness } from './witness.ts'

/** One step of the recomputation, in the order in which an alert comes about. */
export interface ExplainedStep {
  readonly step: StepName
  /** what it did, in sentences; none where only its result can be compared */
  readonly says: readonly string[]
  readonly differences: readonly Difference[]
}

/** The keys of `explain --json`. */
export interface Explanation {
  readonly alertId: string
  readonly code: string
  readonly label: string
  /** whether every stored message was recomputed, byte for byte */
  readonly equal: boolean
  /** the first step that differs; null = none */
  readonly differsAt: StepName | null
  /** messages that were stored, and of these how many were recomputed byte for byte */
  readonly messages: number
  readonly recomputed: number
  readonly steps: readonly ExplainedStep[]
}

export interface Evidence {
  /** every stored message of the alert, by sequence */
  readonly stored: readonly AlertBody[]
  /** the patient's journal, from the beginning or from `state` on: opened once the channels are known */
  readonly open: (table: ChannelTable) => Batches
  /** the patient's saved state that the journal goes on from, and the layouts it may be written by */
  readonly state?: { readonly record: Buffer; readonly layouts: ReadonlyMap<string, Layout> }
  readonly settings: Settings
  /** registry of models */
  readonly models: string
}

/** ms kept before an alert's onset: what its first frames were held against */
const BEFORE = 120_000

/**
 * An alert made once more from the patient's own journal, through the ward that serves, and held against what was stored,
 * message by message and field by field. A patient's future is a function of that journal alone: nobody else is replayed.
 * @throws VigilError state-unreadable; model-not-found and as `openModel` and `openEngine`; data-missing where the patient is not in it
 */
export async function explainAlert({ stored, open, state, settings, models }: Evidence): Promise<Explanation> {
  const first = stored[0]!
  const { patientKey } = first.subject
  const last = Math.max(...stored.map(({ times }) => times.event))
  const engines: StepEngine[] = []
  try {
    const bundles = await Promise.all(servedIds(settings, first).map((id) => openAnyModel(models, id)))
    const table = channelTable(bundles.flatMap(({ manifest }) => manifest.declares))
    const { providers, threads } = settings.inference
    const opened = async (bundle: ModelBundle<AnyManifest>): Promise<StepEngine> => {
      const engine = await openEngine(bundle, { providers, threads, maxBatch: 1, inWorker: false })
      engines.push(engine)
      return engine
    }
    const witnesses: Witness[] = []
    for (const bundle of bundles.filter(isForecaster)) {
      const cadence = bundle.manifest.grid.cadenceSeconds * 1000
      const span = [Math.floor((first.times.onset - BEFORE) / cadence), Math.ceil(last / cadence)] as const
      witnesses.push(new Witness(bundle.manifest, table, await opened(bundle), 1, span))
    }
    const risks: RiskDetector[] = []
    for (const bundle of bundles.filter(isClassifier)) {
      risks.push(new RiskDetector(bundle.manifest, table, await opened(bundle), wardTickSeconds(witnesses)))
    }
    const ward = new Ward({ table, detectors: witnesses, risks, settings, maxBatch: 1, telemetry: SILENT, tap: undefined, instance: 'explain', now: () => 0 }) // biome-ignore format: one line
    if (state !== undefined)
      ward.state.load(patientKey, state.record, { source: 'evidence', partition: 0, layouts: state.layouts, now: 0 })
    const made: AlertBody[] = []
    const driven = new DrivenWard(ward, (body) => made.push(body))
    let inputs = 0
    for await (const batch of open(table)) {
      const own = batch.filter((input) => input.kind !== 'rejection' && input.patientKey === patientKey)
      inputs += own.length
      if (own.length > 0) await driven.take(own)
      if (made.some(({ times }) => times.event > last)) break
    }
    if (inputs === 0) throw new VigilError('data-missing', 'there is nothing of the patient of this alert')
    return held(stored, made, witnesses, table)
  } finally {
    await Promise.all(engines.map((engine) => engine.close()))
  }
}

/** The models of the settings, the alert's own in the version that made it. */
function servedIds({ models: { serve } }: Settings, { source: { model } }: AlertBody): string[] {
  if (model === undefined) return [...serve]
  const others = serve.filter((id) => id.split('@')[0] !== model.name)
  return [`${model.name}@${model.version}`, ...others]
}

function held(stored: readonly AlertBody[], made: readonly AlertBody[], witnesses: readonly Witness[], table: ChannelTable): Explanation {
  const first = stored[0]!
  const { alertId } = first
  const again = made.filter((body) => body.alertId === alertId)
  const differences: Difference[] = []
  let recomputed = 0
  for (const body of stored) {
    const other = again.find(({ seq }) => seq === body.seq)
    if (other === undefined) {
      const near = made.find((it) => it.code === body.code && it.seq === body.seq)
      const path = body.seq === 0 ? 'alertId' : 'seq'
      differences.push({ step: 'journal', seq: body.seq, path, stored: body.seq === 0 ? alertId : body.seq, recomputed: body.seq === 0 ? near?.alertId : undefined })
      if (near !== undefined && body.seq === 0) differences.push(...differencesOf(body, near).filter(({ path: of }) => of !== 'alertId'))
    } else if (bodyLine(other) === bodyLine(body)) recomputed++
    else differences.push(...differencesOf(body, other))
  }
  const witness = witnesses.find(({ manifest }) => manifest.detector === first.source.detector)
  // the message that says most is the start; its account is of the recomputed one, where there is one
  const account = witness === undefined || first.code !== 'unexpected' ? undefined : accountOf(witness, table, again[0] ?? first)
  const steps = STEPS.map((step): ExplainedStep => ({
    step,
    says: [...general(step, first, made.length, again.length), ...(account?.says[step] ?? [])],
    differences: differences.filter((it) => it.step === step),
  }))
  return {
    alertId,
    code: first.code,
    label: first.label,
    equal: recomputed === stored.length,
    differsAt: steps.find((it) => it.differences.length > 0)?.step ?? null,
    messages: stored.length,
    recomputed,
    steps,
  }
} // biome-ignore format: one difference, one line

/** What can be said of a step whatever the alert is. */
function general(step: StepName, { source, times, score }: AlertBody, made: number, again: number): string[] {
  const clock = (time: number) => new Date(time).toISOString().slice(0, 19).replace('T', ' ')
  if (step === 'model') {
    const { model, thresholds } = source
    const by = model === undefined ? 'no model' : `${model.name}@${model.version}, graph ${model.sha256.slice(0, 12)}`
    return [`${source.detector}: ${by}; thresholds of ${thresholds.set} ${thresholds.version}`]
  }
  if (step === 'journal') return [`replayed: the patient's ${made} alert messages, ${again} of them of this alert; onset ${clock(times.onset)} UTC, said ${clock(times.detected)} UTC`] // biome-ignore format: one line
  if (step === 'tail' && score !== undefined) return [`${score.name} ${score.value}, held against ${score.threshold}`]
  return []
}
