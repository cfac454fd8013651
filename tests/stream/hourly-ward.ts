import { fileURLToPath } from 'node:url'
import { isForecaster, openAnyModel } from '../../src/inference/model-store.ts'
import { openEngine } from '../../src/inference/open-engine.ts'
import { Detector } from '../../src/stream/detector.ts'
import type { FrameTap, Input, InputBatch, Output, StepEngine } from '../../src/stream/ports.ts'
import { RiskDetector } from '../../src/stream/risk-detector.ts'
import { Ward } from '../../src/stream/ward.ts'
import { wardTickSeconds } from '../../src/stream/ward-grid.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import type { ClassifierManifest } from '../../src/vitals/classifier-manifest.ts'
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
  readonly variant?: (manifest: ClassifierManifest) => ClassifierManifest
}

/** Wards with the models in the box on real engines, one after the other. */
export async function hourlyWards() {
  const bundles = await Promise.all(BOX.map((id) => openAnyModel(MODELS, id)))
  const table = channelTable(bundles.flatMap(({ manifest }) => manifest.declares))
  const engines = new Map<string, StepEngine>()
  const options = { providers: ['cpu'], threads: 1, maxBatch: 64, inWorker: false }
  for (const bundle of bundles) engines.set(bundle.manifest.name, await openEngine(bundle, options))

  function fresh({ models = BOX, maxBatch = 64, offset: first = 0, variant = (it) => it }: WardGiven = {}) {
    const served = bundles.filter(({ manifest }) => (models as readonly string[]).includes(manifest.name))
    const engineOf = (name: string) => engines.get(name)!
    const detectors = served
      .filter(isForecaster)
      .map(({ manifest }) => new Detector(manifest, table, engineOf(manifest.name), maxBatch))
    const risks = served.flatMap(({ manifest }) =>
      'task' in manifest ? [new RiskDetector(variant(manifest), table, engineOf(manifest.name), wardTickSeconds(detectors))] : [],
    ) // biome-ignore format: one lane
    const { counts, telemetry } = countingTelemetry()
    const said = new Map<string, Map<number, RiskReport>>()
    const tap: FrameTap = {
      wants: () => true,
      frames(reports) {
        for (const { patientKey, risks: of = [] } of reports) {
          for (const risk of of) {
            const key = `${patientKey}/${risk.detector}`
            if (!said.has(key)) said.set(key, new Map())
            said.get(key)!.set(risk.hours, risk)
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
      reports: (patient: string, detector: string) => [...(said.get(`${patient}/${detector}`)?.values() ?? [])],
      /** probabilities of the hours that are over, in their order */
      risks: (patient: string, detector: string) =>
        [...(said.get(`${patient}/${detector}`)?.values() ?? [])].flatMap(({ probability }) => probability ?? []),
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
