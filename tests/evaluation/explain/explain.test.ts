import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { SHIPPED_MODELS } from '../../../src/app.ts'
import { openRecorded } from '../../../src/evaluation/budget/recorded.ts'
import { type Explanation, explainAlert } from '../../../src/evaluation/explain/explain.ts'
import { type WatchedModel, watchWard } from '../../../src/evaluation/watched.ts'
import { openModel } from '../../../src/inference/model-store.ts'
import { openEngine } from '../../../src/inference/open-engine.ts'
import { ANCHOR } from '../../../src/ingest/recording.ts'
import type { Input } from '../../../src/stream/ports.ts'
import type { AlertBody } from '../../../src/vitals/alert.ts'
import { type ChannelTable, channelTable } from '../../../src/vitals/channels.ts'
import { STATUSES } from '../../../src/vitals/reading.ts'
import { Settings } from '../../../src/vitals/settings.ts'

const RECORDINGS = ['bidmc_05', 'bidmc_19', 'bidmc_34'].map((name) => join(import.meta.dirname, `../../../examples/recordings/${name}_Numerics.csv`)) // biome-ignore format: one line
const settings = Settings.parse({})
const TABLE = channelTable()
const HR = TABLE.index.get('hr')!
/** One patient's ECG gives nothing from the sixth minute on, so that the sensors have something to say, too. */
const leadOff = (input: Input): Input => {
  const off = input.kind === 'reading' && input.patientKey === 'bidmc_19' && input.time - ANCHOR > 300_000
  if (!off) return input
  const values = input.values.map((value, at) => (input.channels[at] === HR ? Number.NaN : value))
  const statuses = input.statuses.map((status, at) =>
    input.channels[at] === HR ? STATUSES.indexOf('not-available') : status,
  )
  return { ...input, values, statuses }
}
async function* journal(table: ChannelTable, change = (input: Input): Input => input) {
  for await (const inputs of openRecorded(RECORDINGS, { table })(1)) yield inputs.map((it) => change(leadOff(it)))
}
let bodies: AlertBody[]
/** the start of an alert that the model raised */
let start: AlertBody

beforeAll(async () => {
  const bundle = await openModel(SHIPPED_MODELS, 'bedside')
  const engine = await openEngine(bundle, { providers: ['cpu'], threads: 1, maxBatch: 16, inWorker: false })
  const table = channelTable(bundle.manifest.declares)
  const model: WatchedModel = { manifest: bundle.manifest, engine, table, maxBatch: 16 }
  bodies = []
  await watchWard(model, journal(table), (body) => bodies.push(body))
  await engine.close()
  start = bodies.find(({ code, phase }) => code === 'unexpected' && phase === 'start')!
})

/** @param change of the journal, input by input */
function explained(stored: readonly AlertBody[], change = (input: Input): Input => input): Promise<Explanation> {
  return explainAlert({
    stored,
    settings,
    models: SHIPPED_MODELS,
    open: (table) => journal(table, change),
  })
}
const messages = (of: AlertBody) => bodies.filter(({ alertId }) => alertId === of.alertId)
const channel = (body: AlertBody, of: Partial<AlertBody['channels'][number]>): AlertBody => ({
  ...body,
  channels: body.channels.map((it, i) => (i === 0 ? { ...it, ...of } : it)),
})

describe('an alert recomputed from the journal of its patient', () => {
  it('is the same, byte for byte, whatever raised it', async () => {
    const codes = new Set<string>()
    const one = bodies.filter(({ phase, code }) => phase === 'start' && !codes.has(code) && codes.add(code))
    expect([...codes]).toContain('unexpected')
    expect(codes.size).toBeGreaterThan(1)
    for (const body of one) {
      const found = await explained(messages(body))
      expect(found, body.code).toMatchObject({ equal: true, differsAt: null, code: body.code })
      expect(found.recomputed, body.code).toBe(messages(body).length)
    }
  })

  it('shows each step, down to the test whose tail gave its p: a second computation, which agrees', async () => {
    const { steps } = await explained(messages(start))
    const says = (name: string) => steps.find(({ step }) => step === name)!.says.join('\n')
    expect(says('frame')).toMatch(/HR \d+ \/min, observed/)
    expect(says('forecast')).toMatch(/made \d+ s before, for this tick/)
    expect(says('whitening')).toMatch(/joint distance, \d channels/)
    const p = /the least of \d+ tests: p (\S+)/.exec(says('tail'))![1]!
    expect(Number(p)).toBe(start.score!.value)
    expect(says('policy')).toMatch(/p .* < q /)
  })

  it.each([
    ['model', (body: AlertBody) => ({ ...body, source: { ...body.source, version: '9.9.9' } })],
    ['journal', (body: AlertBody) => ({ ...body, times: { ...body.times, onset: body.times.onset - 1000 } })],
    ['frame', (body: AlertBody) => channel(body, { observed: 81.5 })],
    ['forecast', (body: AlertBody) => channel(body, { expected: { ...body.channels[0]!.expected!, mean: 1 } })],
    ['residual', (body: AlertBody) => channel(body, { z: 7.77 })],
    ['whitening', (body: AlertBody) => channel(body, { contribution: 0.001 })],
    ['tail', (body: AlertBody) => ({ ...body, score: { ...body.score!, value: 0.000123 } })],
    ['policy', (body: AlertBody) => ({ ...body, score: { ...body.score!, threshold: 0.5 } })],
    ['words', (body: AlertBody) => ({ ...body, label: 'All is well' })],
    ['signal', (body: AlertBody) => ({ ...body, signal: { ...body.signal, ack: true } })],
  ] as [string, (body: AlertBody) => AlertBody][])('names the step where what was stored was changed: %s', async (step, change) => {
    const found = await explained(messages(start).map((body) => (body.seq === 0 ? change(body) : body)))
    expect(found).toMatchObject({ equal: false, differsAt: step, recomputed: messages(start).length - 1 })
    const all = found.steps.flatMap(({ differences }) => differences)
    expect(all).toHaveLength(1)
    expect(all[0]!.stored).not.toEqual(all[0]!.recomputed)
  }) // biome-ignore format: one change, one line

  it('differs where the journal does: a reading that says another thing makes another alert', async () => {
    const found = await explained(messages(start), (input) =>
      input.kind === 'reading' && input.patientKey === start.subject.patientKey && input.time === start.times.event
        ? { ...input, values: Array.from(input.values, (value) => value + 2) }
        : input,
    )
    expect(found.equal).toBe(false)
    expect(found.differsAt).not.toBeNull()
  })

  it('of a patient who is not in the recordings is a coded error', async () => {
    const stranger = { ...start, subject: { ...start.subject, patientKey: 'nobody' } }
    await expect(explained([stranger])).rejects.toMatchObject({ code: 'data-missing' })
  })
})
