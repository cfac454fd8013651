import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { METRICS, type Metric } from '../../src/metrics/table.ts'
import { prometheusTelemetry } from '../../src/metrics/telemetry.ts'
import { Tally } from '../../src/stream/tally.ts'
import type { AlertBody } from '../../src/vitals/alert.ts'
import type { GateVerdict } from '../../src/vitals/gate-verdict.ts'
import { alertOf, PATIENTS } from '../dashboard/testward.ts'

const TABLE: readonly Metric[] = Object.values(METRICS)

/** A sample line of Prometheus' text format 0.0.4: name, labels, number. */
const SAMPLE =
  /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)+)\})? (?:[-+]?(?:\d[\d.eE+-]*|Inf)|[Nn]a[Nn])$/

function bodyOf(part: Partial<AlertBody> = {}): AlertBody {
  const output = alertOf(PATIENTS[0]!, { id: 1, ...part })
  if (output.kind !== 'alert') throw new Error('not an alert')
  return output.envelope.body
}

const VERDICT: GateVerdict = {
  verdictVersion: 1,
  model: 'bedside@1.1.0',
  champion: 'bedside@1.0.0',
  decision: 'refused',
  reasons: ['not better'],
  at: 0,
  window: {
    from: 0,
    heldOutFrom: 1,
    to: 2,
    sha256: '',
    patients: { train: 8, validation: 2, calibration: 6, test: 8 },
    testHours: 2,
  },
  candidates: [
    { from: 'champion', validation: 1.5, chosen: true },
    { from: 'scratch', validation: 1.7, chosen: false },
  ],
  primary: {
    what: 'likelihood',
    champion: 1.5,
    challenger: 1.51,
    difference: 0.01,
    interval: [-0.02, 0.04],
    detectable: 0.03,
    passes: false,
  },
  conditions: [{ name: 'step time', worse: 0, unit: 'x', margin: 0.25, passes: true, why: 'as fast' }],
  feedback: { true: 0, false: 0, nuisance: 0 },
}

/** Everything the telemetry can be told, once. */
function told() {
  const telemetry = prometheusTelemetry()
  telemetry.readings(3)
  telemetry.rejected('late', 2)
  telemetry.frames(5)
  telemetry.stepped('cpu', 64, 0.0021, 'bedside')
  telemetry.providerLost('webgpu', 'bedside')
  telemetry.risks('sepsis', [0.04, 0.2])
  telemetry.alert(bodyOf())
  telemetry.entered('ack')
  telemetry.watching({ warming: 1, watching: 2, degraded: 3, blind: 4 })
  telemetry.queued(7, 0.25)
  telemetry.sinkFailed('ndjson', true)
  telemetry.serving([{ detector: 'bedside', name: 'bedside', version: '0.1.0', provider: 'cpu' }])
  telemetry.requested('/metrics', 200)
  telemetry.modelFailed('bedside', 'engine', 12)
  telemetry.policies.holds(() => ({ id: 'abcdefabcdef', set: 'icu', version: '2', partitions: [0, 3] }))
  telemetry.policies.reloaded('changed')
  telemetry.budget(() => ({ budget: 1, patientDays: 4, called: 2, realised: 0.75, interval: [0.15, 2.2] }))
  const { kafka } = telemetry
  kafka.partitions({ restoring: 1, live: 3 })
  kafka.rebalanced()
  kafka.restored(0.4, 1_000_000)
  kafka.committed(0.012, 20, 31)
  kafka.aborted('kafka-fenced')
  kafka.dirty(7)
  kafka.lag(12)
  kafka.deadLetter('not-json', 1)
  kafka.rekeyed(1)
  kafka.misplaced(1)
  kafka.unreadable(1)
  kafka.watching(true)
  kafka.selfTest(undefined)
  const { versions } = telemetry
  const version = { detector: 'bedside', name: 'bedside', version: '0.1.0' }
  const tally = new Tally()
  tally.scored(Float64Array.of(0.01), true, false)
  tally.forecast(true)
  tally.beside(true, false)
  const counts = tally.take()
  versions.counted(version, 'champion', counts)
  versions.counted(version, 'shadow', counts)
  versions.drifted(version, [{ figure: 'stability', of: 'hr', value: 0.3 }], 1)
  versions.ordered('promote', 'done')
  versions.promoted('bedside', 'forth')
  versions.warmed(1.5, 1000)
  const { deliveries } = telemetry
  deliveries.delivered('pager', 0.02, 1)
  deliveries.failed('pager')
  deliveries.refused('pager')
  deliveries.reachable('pager', true)
  deliveries.followed('pager')
  const { hl7 } = telemetry
  hl7.begun()
  hl7.connections(2)
  hl7.ended('slow')
  hl7.message('ORU^R01', 'AA', 0.004)
  hl7.unmapped('999999')
  hl7.rejected('not-a-number')
  hl7.disagreed(1, 2)
  hl7.skew(0.3)
  const { trainer } = telemetry
  trainer.begun()
  trainer.window(12_000, { train: 8, validation: 2, calibration: 6, test: 8 })
  trainer.doing('judging')
  trainer.judged(VERDICT)
  trainer.ended('refused', 95, 1_767_600_000_000)
  return telemetry
}

describe('the table of metrics', () => {
  test('names carry the prefix and the base unit, counters and only counters end in _total', () => {
    for (const { name, type } of TABLE) {
      expect(name).toMatch(/^vigil(_[a-z][a-z0-9]*)+$/)
      expect(name.endsWith('_total'), name).toBe(type === 'counter')
      expect(name).not.toMatch(/_(ms|millis|milliseconds|minutes|hours|kb|mb|percent)(_|$)/)
    }
    expect(new Set(TABLE.map(({ name }) => name)).size).toBe(TABLE.length)
  })

  test('no label can name a patient, bed, device or alert, and every label is bounded', () => {
    for (const { name, labels, buckets, type } of TABLE) {
      for (const [label, values] of Object.entries(labels)) {
        expect(label, name).not.toMatch(/patient|bed|device|encounter|alert|^id$|_id$|key|path|url/)
        expect(typeof values === 'number' ? values : values.length, `${name} ${label}`).toBeLessThanOrEqual(64)
      }
      expect(buckets !== undefined, name).toBe(type === 'histogram')
    }
  })
})

describe('a scrape', () => {
  test('parses line by line, and has every metric of the table with its type and a value', async () => {
    const text = await told().text()
    const lines = text.split('\n').filter((line) => line !== '')
    for (const line of lines.filter((line) => !line.startsWith('#'))) expect(line).toMatch(SAMPLE)
    for (const { name, type, help } of TABLE) {
      expect(lines).toContain(`# HELP ${name} ${help}`)
      expect(lines).toContain(`# TYPE ${name} ${type}`)
      expect(
        lines.some((line) => line.startsWith(`${name}${type === 'histogram' ? '_bucket' : ''}`)),
        name,
      ).toBe(true)
    }
    expect(lines).toContain('vigil_readings_total 3')
    const of = 'detector="bedside",version="0.1.0"'
    expect(lines).toContain(`vigil_model_onsets_shadow_total{${of}} 1`)
    expect(lines).toContain(`vigil_model_agreement_shadow_total{${of},said="champion"} 1`)
    expect(lines).toContain(`vigil_model_drift{${of},figure="stability",of="hr"} 0.3`)
    // -log10 of 0.01, in the bucket from 1.5 to 2
    const score = lines.find((line) => line.startsWith(`vigil_score{${of},quantile="0.99"}`))
    expect(Number(score?.split(' ').at(-1))).toBeCloseTo(2, 1)
    expect(lines).toContain('vigil_rejections_total{reason="late"} 2')
    expect(lines).toContain('vigil_steps_total{provider="cpu",detector="bedside"} 64')
    expect(lines).toContain('vigil_providers_lost_total{provider="webgpu",detector="bedside"} 1')
    expect(lines).toContain('vigil_step_rows_bucket{le="64",provider="cpu"} 1')
    expect(lines).toContain('vigil_beds{watching="blind"} 4')
    expect(lines).toContain('vigil_partitions{phase="live"} 3')
    expect(lines).toContain('vigil_policy_info{policy="abcdefabcdef",set="icu",version="2",partition="3"} 1')
    expect(lines).toContain('vigil_self_test_seconds +Inf')
    expect(lines).toContain('vigil_model_failures_total{detector="bedside",cause="engine"} 12')
    expect(lines).toContain('vigil_advisories_per_patient_day{of="called"} 0.5')
    expect(lines).toContain('vigil_advisories_per_patient_day{of="high"} 2.2')
    expect(lines).toContain('vigil_alerts_total{detector="bedside",kind="advisory",priority="medium",phase="start"} 1')
    expect(lines).toContain('vigil_model_info{detector="bedside",name="bedside",version="0.1.0",provider="cpu"} 1')
  })

  test("has Node's own metrics: memory and event-loop lag", async () => {
    const text = await told().text()
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds')
    expect(text).toContain('process_resident_memory_bytes')
  })

  test('never grows beyond the labels of the table, whatever the names that are told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ maxLength: 40 }), { maxLength: 120 }), async (names) => {
        const telemetry = prometheusTelemetry()
        for (const name of names) {
          telemetry.stepped(name, 1, 0.001, 'bedside')
          telemetry.sinkFailed(name, false)
          telemetry.requested(name, 200)
          telemetry.alert(bodyOf({ source: { detector: name, version: '1', thresholds: { set: 's', version: '1' } } }))
        }
        const lines = (await telemetry.text()).split('\n')
        const series = (metric: Metric) => lines.filter((line) => line.startsWith(`${metric.name}{`)).length
        expect(series(METRICS.steps)).toBeLessThanOrEqual(METRICS.steps.labels.provider + 1)
        expect(series(METRICS.sinkFailures)).toBeLessThanOrEqual(METRICS.sinkFailures.labels.sink + 1)
        expect(series(METRICS.httpRequests)).toBeLessThanOrEqual(METRICS.httpRequests.labels.route + 1)
        expect(series(METRICS.alerts)).toBeLessThanOrEqual(METRICS.alerts.labels.detector + 1)
      }),
      { numRuns: 20 },
    )
  })

  test('never shows who the patient is', async () => {
    const telemetry = told()
    const canary = 'CANARY-7731'
    telemetry.alert(
      bodyOf({
        alertId: 'c'.repeat(32),
        label: canary,
        subject: { patientKey: canary, keyedBy: 'patient', encounterKey: canary, unit: canary, bed: canary },
        explanation: { text: canary, method: canary },
      }),
    )
    const text = await telemetry.text()
    expect(text).not.toContain(canary)
    expect(text).not.toContain('c'.repeat(32))
  })

  test('forgets a model that serves no more', async () => {
    const telemetry = told()
    telemetry.serving([{ detector: 'bedside', name: 'bedside', version: '0.2.0', provider: 'webgpu' }])
    const lines = (await telemetry.text()).split('\n').filter((line) => line.startsWith('vigil_model_info{'))
    expect(lines).toEqual(['vigil_model_info{detector="bedside",name="bedside",version="0.2.0",provider="webgpu"} 1'])
  })
})

describe('the trainer', () => {
  test('says what it does, what its window holds and what the gate found; other processes have no phase', async () => {
    const text = await told().text()
    for (const line of [
      'vigil_retrain_phase{phase="judging"} 1',
      'vigil_retrain_phase{phase="resting"} 0',
      'vigil_retrain_window_readings 12000',
      'vigil_retrain_window_patients{part="calibration"} 6',
      'vigil_retrain_validation_nats{from="champion"} 1.5',
      'vigil_retrain_primary_nats{of="high"} 0.04',
      'vigil_retrain_conditions_unmet 1',
      'vigil_retrain_cycles_total{outcome="refused"} 1',
      'vigil_retrain_cycles_total{outcome="failed"} 0',
      'vigil_retrain_last_cycle_timestamp_seconds{outcome="refused"} 1767600000',
    ])
      expect(text.split('\n')).toContain(line)
    expect(await prometheusTelemetry().text()).not.toContain('vigil_retrain_phase{')
  })
})

describe('progress', () => {
  test('nothing to do is fine for ever; frames that wait with no step since are not', () => {
    let now = 100
    const telemetry = prometheusTelemetry(() => now)
    expect(telemetry.progress().ok).toBe(true)
    telemetry.stepped('cpu', 4, 0.001, 'bedside')
    telemetry.queued(0, 0)
    now += 3600
    expect(telemetry.progress()).toEqual({ ok: true, reason: 'nothing waits' })
    telemetry.queued(12, 0)
    now += 5
    expect(telemetry.progress().ok).toBe(true)
    now += 60
    expect(telemetry.progress().ok).toBe(false)
    expect(telemetry.progress().reason).toContain('12 inputs wait')
    telemetry.stepped('cpu', 4, 0.001, 'bedside')
    expect(telemetry.progress().ok).toBe(true)
  })
})
