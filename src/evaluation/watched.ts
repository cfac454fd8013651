import { Detector } from '../stream/detector.ts'
import type { Input, InputBatch, StepEngine, Telemetry } from '../stream/ports.ts'
import { Ward } from '../stream/ward.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { ModelManifest } from '../vitals/manifest.ts'
import { Settings } from '../vitals/settings.ts'

/** One model as it serves, on an engine that is used for one ward after the other. */
export interface WatchedModel {
  readonly manifest: ModelManifest
  readonly engine: StepEngine
  readonly table: ChannelTable
  /** rows of a step at most */
  readonly maxBatch: number
}

export interface Watched {
  /** frames scored, over all patients */
  readonly frames: number
  /** inputs that could not be scored */
  readonly refused: number
}

/** Told to nobody. */
export const SILENT: Telemetry = {
  readings() {},
  rejected() {},
  frames() {},
  stepped() {},
  providerLost() {},
  modelFailed() {},
  risks() {},
  alert() {},
  watching() {},
  queued() {},
  sinkFailed() {},
  entered() {},
}

/** Inputs in order. */
export type Batches = Iterable<readonly Input[]> | AsyncIterable<readonly Input[]>

/** Inputs through a fresh ward that one model watches, with the default settings unless others are given. */
export function watchWard(
  { manifest, engine, table, maxBatch }: WatchedModel,
  batches: Batches,
  onAlert: (body: AlertBody) => void,
  settings: Settings = Settings.parse({}),
): Promise<Watched> {
  return watch(table, [new Detector(manifest, table, engine, maxBatch)], settings, maxBatch, batches, onAlert)
}

/** Inputs through a fresh ward without a model: fixed limits and NEWS2 alone. */
export function watchRules(
  table: ChannelTable,
  settings: Settings,
  batches: Batches,
  onAlert: (body: AlertBody) => void,
): Promise<Watched> {
  return watch(table, [], settings, 1024, batches, onAlert)
}

/**
 * The sessions, grid, steps, scores, limits and alert lives that serve a bed, without a wall clock.
 * @param onAlert told of every alert event, in order
 */
async function watch(
  table: ChannelTable,
  detectors: readonly Detector[],
  settings: Settings,
  maxBatch: number,
  batches: Batches,
  onAlert: (body: AlertBody) => void,
): Promise<Watched> {
  const ward = new Ward({
    table,
    detectors,
    settings,
    maxBatch,
    telemetry: SILENT,
    tap: undefined,
    instance: 'evaluation',
    now: () => 0,
  })
  const driven = new DrivenWard(ward, onAlert)
  for await (const inputs of batches) await driven.take(inputs.filter(isNoPolicy))
  return { frames: driven.frames, refused: driven.refused }
}

/** A ward that is given inputs by hand, without a pipeline and without a wall clock. */
export class DrivenWard implements Watched {
  readonly #ward: Ward
  readonly #onAlert: (body: AlertBody) => void
  #offset = 0
  frames = 0
  refused = 0

  constructor(ward: Ward, onAlert: (body: AlertBody) => void) {
    this.#ward = ward
    this.#onAlert = onAlert
  }

  /** The next inputs, in order; resolves when everything that they close was scored and said. */
  async take(inputs: readonly Input[]): Promise<void> {
    const batch: InputBatch = { source: 'evaluation', partition: 0, inputs, offsets: [], done() {} }
    for (const input of inputs) {
      while (!this.#ward.accept(input, batch, this.#offset, 0)) this.frames += await this.#ward.drain()
      this.#offset++
    }
    this.frames += await this.#ward.drain()
    for (const output of this.#ward.takeOutputs()) {
      if (output.kind === 'alert') this.#onAlert(output.envelope.body)
      else if (output.kind === 'dead-letter') this.refused++
    }
  }
}

/** Under whose policy a recorded patient was is of no account where another one is looked at. */
export const isNoPolicy = (input: Input): boolean => input.kind !== 'journal' || input.entry !== 'policy'

/** What of a policy makes alarms rarer or more frequent. */
export interface Thresholds {
  /** chance that a minute of a patient who is as before shows as much: of leaps, code `unexpected` */
  readonly q: number
  /** factor on the limits of slow change, code `drift`; the manifest's where absent */
  readonly drift?: number
}

/** A manifest with other thresholds, everything else as it is. */
export function withThresholds(
  manifest: ModelManifest,
  { q, drift = manifest.policy.drift }: Thresholds,
): ModelManifest {
  return { ...manifest, policy: { ...manifest.policy, q, drift } }
}

/** Whether an alert is of the patient as the model sees them: what an alarm budget is about. */
export const isAdvisory = (body: Pick<AlertBody, 'source' | 'kind'>): boolean =>
  isOwn(body) && body.kind !== 'technical'

/** Who speaks for the fixed rules that run beside every model, which no model threshold changes. */
const RULES: ReadonlySet<string> = new Set(['limits', 'news2', 'signal'])

/** Whether an alert is the model's or the sensor logic's own: not a fixed limit, an early-warning score, a silent bed. */
export const isOwn = ({ source }: Pick<AlertBody, 'source'>): boolean => !RULES.has(source.detector)
