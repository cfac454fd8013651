import { fileURLToPath } from 'node:url'
import { HOURLY_INPUTS } from '../../src/inference/hourly/kinds.ts'
import { isClassifier, isForecaster, openAnyModel } from '../../src/inference/model-store.ts'
import { openEngine } from '../../src/inference/open-engine.ts'
import { Detector } from '../../src/stream/detector.ts'
import type { Role } from '../../src/stream/lane.ts'
import type { FrameTap, Input, InputBatch, Output, StepEngine } from '../../src/stream/ports.ts'
import { RiskDetector } from '../../src/stream/risk-detector.ts'
import { Ward } from '../../src/stream/ward.ts'
import { wardTickSeconds } from '../../src/stream/ward-grid.ts'
import type { HourlyStay } from '../../src/training/cohorts/stay.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import { type ChannelTable, channelTable } from '../../src/vitals/channels.ts'
import type { ClassifierManifest } from '../../src/vitals/classifier-manifest.ts'
import { OK, type Reading } from '../../src/vitals/reading.ts'
import type { RiskReport } from '../../src/vitals/report.ts'
import { Settings } from '../../src/vitals/settings.ts'
import { countingTelemetry } from './real-ward.ts'

const MODELS = fileURLToPath(new URL('../../models/', import.meta.url))
const BOX = ['bedside', 'sepsis', 'mortality'] as const

interface WardGiven {
  readonly models?: readonly (typeof BOX)[number][]
  readonly maxBatch?: number
  /** of the first input */
  readonly offset?: number
  /** of the hourly models */
  readonly role?: Role
  readonly variant?: (manifest: ClassifierManifest) => ClassifierManifest
  /** the engine of a model, in the place of its own */
  readonly engine?: (name: string, own: StepEngine) => StepEngine
  readonly fallsBack?: boolean
}

/** Wards with the models in the box on real engines, one after the other. */
export async function hourlyWards() {
  const bundles = await Promise.all(BOX.map((id) => openAnyModel(MODELS, id)))
  const table = channelTable(bundles.flatMap(({ manifest }) => manifest.declares))
  const engines = new Map<string, StepEngine>()
  const options = { providers: ['cpu'], threads: 1, maxBatch: 64, inWorker: false }
  for (const bundle of bundles) engines.set(bundle.manifest.name, await openEngine(bundle, options))

  function fresh({
    models = BOX,
    maxBatch = 64,
    offset: first = 0,
    role = 'champion',
    variant = (it) => it,
    engine = (_, own) => own,
    fallsBack = false,
  }: WardGiven = {}) {
    const served = bundles.filter(({ manifest }) => (models as readonly string[]).includes(manifest.name))
    const engineOf = (name: string) => engine(name, engines.get(name)!)
    const detectors = served
      .filter(isForecaster)
      .map(({ manifest }) => new Detector(manifest, table, engineOf(manifest.name), maxBatch))
    const tick = wardTickSeconds(detectors)
    const risks = served
      .filter(isClassifier)
      .map(({ manifest }) => new RiskDetector(variant(manifest), table, engineOf(manifest.name), tick, role))
    const { counts, telemetry } = countingTelemetry()
    const said = new Map<string, RiskReport[]>()
    const tap: FrameTap = {
      wants: () => true,
      frames(reports) {
        for (const { patientKey, risks: of = [] } of reports) {
          for (const risk of of) {
            const key = `${patientKey}/${risk.detector}`
            const before = said.get(key) ?? []
            said.set(key, before.at(-1)?.hours === risk.hours ? [...before.slice(0, -1), risk] : [...before, risk])
          }
        }
      },
      watchingChanged() {},
      left() {},
    }
    const ward = new Ward({
      table,
      detectors,
      risks,
      settings: Settings.parse({}),
      maxBatch,
      telemetry,
      tap,
      instance: 'test',
      fallsBack,
      now: () => 0,
    })
    const outputs: Output[] = []
    let offset = first
    async function give(inputs: readonly Input[]): Promise<void> {
      const batch: InputBatch = { source: 'test', partition: 0, inputs, offsets: [], done() {} }
      for (const input of inputs) {
        while (!ward.accept(input, batch, offset, 0)) await ward.drain()
        offset++
      }
      await ward.drain()
      outputs.push(...ward.takeOutputs())
    }
    return {
      ward,
      give,
      outputs,
      counts,
      /** what stood of a risk after each hour */
      reports: (patient: string, detector: string) => said.get(`${patient}/${detector}`) ?? [],
      /** probabilities of the hours that are over, in their order */
      risks: (patient: string, detector: string) =>
        (said.get(`${patient}/${detector}`) ?? []).flatMap(({ probability }) => probability ?? []),
      refused: () => outputs.flatMap((it) => (it.kind === 'dead-letter' ? [it.rejection.reason] : [])),
      bodies: (code: string): AlertBody[] =>
        outputs.flatMap((it) => (it.kind === 'alert' && it.envelope.body.code === code ? [it.envelope.body] : [])),
    }
  }

  return {
    table,
    fresh,
    close: async () => void (await Promise.all([...engines.values()].map((engine) => engine.close()))),
  }
}

export type HourlyBed = ReturnType<Awaited<ReturnType<typeof hourlyWards>>['fresh']>

/**
 * The rows of a stay as readings of one bed: what a row holds comes at the beginning of its hour, and readings without a
 * value between, every so often; one hour more than the stay has, so that its last one is over.
 */
export function hourlyReadings(
  table: ChannelTable,
  kind: keyof typeof HOURLY_INPUTS,
  stay: HourlyStay,
  start: number,
  everySeconds: number,
): Reading[] {
  const places = HOURLY_INPUTS[kind].channels.map(({ name }) => table.index.get(name)!)
  const rows = stay.from.length - 1
  const readings: Reading[] = []
  const say = (second: number, row: number | undefined): void => {
    const [from, to] = row === undefined ? [0, 0] : [stay.from[row]!, stay.from[row + 1]!]
    const channels = Array.from(stay.channels.subarray(from, to), (channel) => places[channel]!)
    readings.push({
      kind: 'reading', patientKey: stay.name, encounter: undefined, unit: undefined, bed: undefined, mode: 'live',
      time: start + second * 1000, complete: true, channels, values: Array.from(stay.values.subarray(from, to)),
      statuses: channels.map(() => OK), times: undefined,
    }) // biome-ignore format: one reading
  }
  for (let row = 0; row <= rows; row++) {
    say(row * 3600, row < rows ? row : undefined)
    for (let second = everySeconds; second < 3600 && row < rows; second += everySeconds)
      say(row * 3600 + second, undefined)
  }
  say(rows * 3600 + 1, undefined)
  return readings
}
