import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openWard } from '../../../src/app.ts'
import { readEvidence } from '../../../src/kafka/evidence-record.ts'
import type { KafkaClient } from '../../../src/kafka/port.ts'
import { recordDecoder } from '../../../src/kafka/record-decoder.ts'
import { bedside } from '../../../src/training/recipes/bedside.ts'
import { countingTelemetry } from '../../stream/real-ward.ts'
import { open, quiet, until } from '../broker.ts'
import { patientIn, ready, service, serviceSettings, T0, topicsOf } from './service.ts'

describe('a service on Kafka', () => {
  const settings = serviceSettings({ stream: { signalLostSeconds: 3600 } })
  const prefix = settings.kafka.topicPrefix
  let kafka: KafkaClient
  let topics: ReturnType<typeof topicsOf>

  beforeAll(async () => {
    kafka = await open(settings.kafka)
    topics = topicsOf(kafka, settings.kafka)
  })
  afterAll(() => kafka?.close())

  test('alerts reach their topic with headers, key and partition; what is not live never does; evidence makes each again', async () => {
    const live = [patientIn(0, 2, 'live'), patientIn(1, 2, 'live')]
    const trial = patientIn(0, 2, 'trial')
    const fast = (second: number) => (second < 700 ? {} : { values: { hr: 150, spo2: 84 } })
    const running = await service(settings)
    expect((await running.get('/readyz')).status).toBe(503)
    await ready(running.url)
    for (const patient of live) await topics.send(topics.readings(patient, [0, 760], fast))
    await topics.send(topics.readings(trial, [0, 60], (s) => ({ mode: 'test', values: { hr: s < 30 ? 70 : 0 } })))
    await until('alerts of all three', async () => {
      const keys = new Set(
        [...(await topics.alerts()), ...(await topics.alerts('alerts.test'))].map((it) => it.body.subject.patientKey),
      )
      return [...live, trial].every((it) => keys.has(it))
    })
    await until('all worked', async () => (await running.metric('vigil_unsaved_patients')) === 0)

    const records = await topics.records('alerts')
    for (const { key, partition, headers, value } of records) {
      const { body, mode, trace } = JSON.parse(String(value))
      expect([String(key), partition, mode]).toEqual([body.subject.patientKey, topics.home(String(key)), 'live'])
      expect(trace).toMatchObject({ source: `${prefix}.readings`, partition })
      expect(Object.fromEntries(Object.entries(headers).map(([name, it]) => [name, String(it)]))).toEqual({
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: body.eventId,
        ce_source: `/vigil/${body.source.detector}/${body.source.version}`,
        ce_type: `vigil.alert.${body.phase}`,
        ce_subject: body.alertId,
        ce_time: new Date(body.times.event).toISOString(),
      })
    }
    const ids = records.map((it) => String(it.headers['ce_id']))
    expect(new Set(ids).size).toBe(ids.length)
    const tested = await topics.alerts('alerts.test')
    expect(tested.length).toBeGreaterThan(0)
    expect(tested.every(({ mode, body }) => mode === 'test' && !live.includes(body.subject.patientKey))).toBe(true)

    // every start has the state from before it, and from there the readings make the same bytes
    const evidence = (await topics.records('alerts.evidence')).map((it) => readEvidence(it))
    const starts = (await topics.alerts()).filter((it) => it.body.phase === 'start')
    expect(new Set(starts.map((it) => it.body.code))).toContain('unexpected')
    const input = await topics.records('readings')
    for (const { body, trace } of starts) {
      const proof = evidence.find((it) => 'head' in it && it.head.eventId === body.eventId)
      if (proof === undefined || !('head' in proof)) throw new Error(`no evidence of ${body.code}`)
      expect(proof.head).toMatchObject({ patientKey: body.subject.patientKey, fromOffset: trace.fromOffset })
      const again = await openWard({
        settings,
        telemetry: countingTelemetry().telemetry,
        log: quiet,
        partitioned: true,
      })
      const source = trace.source
      const { partition } = trace
      const { lastOffset } = again.ward.state.load(body.subject.patientKey, proof.state, {
        source,
        partition,
        layouts: new Map(),
        now: 0,
      })
      expect(lastOffset).toBeLessThan(trace.fromOffset)
      const decode = recordDecoder({ table: again.table, topic: source })
      const batch = { source, partition, inputs: [], offsets: [], done() {} }
      for (const record of input) {
        if (record.partition !== partition || record.offset <= lastOffset || record.offset > trace.toOffset) continue
        const { reading } = decode(record)
        if (reading?.patientKey !== body.subject.patientKey) continue
        while (!again.ward.accept(reading, batch, record.offset, 0)) await again.ward.drain()
      }
      await again.ward.drain()
      const said = again.ward
        .takeOutputs()
        .flatMap((it) => (it.kind === 'alert' ? [JSON.stringify(it.envelope.body)] : []))
      expect(said).toContain(JSON.stringify(body))
      await again.close()
    }
    expect(await running.metric('vigil_lag_records')).toBeLessThanOrEqual(0)
    await running.stop()
    await running.ended
  })

  test('encounters and acknowledgements take effect and are journaled; bad ones are refused with a reason', async () => {
    const patient = patientIn(0, 2, 'bed')
    const running = await service(settings)
    await ready(running.url)
    await topics.send([
      topics.control('encounters', patient, {
        action: 'admit',
        at: T0 - 1000,
        encounter: 'e-1',
        unit: 'ICU',
        bed: '7',
      }),
    ])
    await until('the admission', async () => (await topics.journal()).some((it) => it.entry === 'admit'))
    await topics.send(topics.readings(patient, [0, 40], (s) => ({ values: { hr: s < 20 ? 70 : 0 } })))
    const mine = async () => (await topics.alerts()).filter((it) => it.body.subject.patientKey === patient)
    await until('an alert', async () => (await mine()).length > 0)
    const [{ body }] = (await mine()) as [Awaited<ReturnType<typeof mine>>[number]]
    expect(body.subject).toMatchObject({ encounterKey: 'e-1', unit: 'ICU', bed: '7' })
    const ack = { action: 'ack', at: T0 + 41_000, alertId: body.alertId, by: 'nurse-3' }
    await topics.send([
      topics.control('alerts.acks', patient, ack),
      topics.control('alerts.acks', patient, { ...ack, alertId: 'f'.repeat(32) }),
      topics.control('encounters', patient, { action: 'vanish', at: T0 }),
      { ...topics.control('encounters', patient, { action: 'discharge', at: T0 }), key: null },
      { ...topics.control('encounters', patient, {}), value: '{' },
    ])
    await until('four letters', async () => (await topics.letters()).length >= 4)
    const letters = (await topics.letters()).flatMap((it) =>
      'letters' in it ? it.letters.map((each) => each.reason) : [],
    )
    expect(letters.toSorted()).toEqual(['bad-control', 'key-mismatch', 'not-json', 'unknown-alert'])
    const entries = (await topics.journal()).filter((it) => it.patientKey === patient)
    expect(entries.map((it) => it.entry)).toEqual(['admit', 'ack'])
    expect(entries[1]).toMatchObject({ by: 'nurse-3', alertId: body.alertId })
    await until('the acknowledged alert', async () =>
      (await mine()).some((it) => it.body.alertId === body.alertId && it.body.signal.ackBy === 'nurse-3'),
    )
    expect(await running.metric('vigil_journal_entries_total', 'entry="ack"')).toBe(1)
    await running.stop()
  })

  test('keyless records are keyed and scored once, misplaced ones counted, a second partition refused', async () => {
    const patient = patientIn(0, 2, 'keyless')
    const other = patientIn(1, 2, 'moved')
    const running = await service(settings)
    await ready(running.url)
    await topics.send(
      topics.readings(patient, [0, 30], (s) => ({ values: { hr: s < 20 ? 70 : 0 } }), { key: null, partition: 1 }),
    )
    await topics.send(topics.readings(other, [0, 5], undefined, { partition: 0 }))
    await until('the misplaced ones', async () => (await running.metric('vigil_misplaced_records_total')) === 5)
    await until('all of them worked', async () => (await running.metric('vigil_unsaved_patients')) === 0)
    await topics.send(topics.readings(other, [5, 8]))
    await until('the alert', async () => (await topics.alerts()).some((it) => it.body.subject.patientKey === patient))
    await until(
      'letters',
      async () =>
        (await topics.letters()).filter((it) => 'letters' in it && it.letters[0]!.reason === 'other-partition')
          .length === 3,
    )
    const written = (await topics.records('readings', [0])).filter(
      (it) => it.headers['vigil.rekeyed-from'] !== undefined,
    )
    expect(written.map((it) => String(it.key))).toEqual(Array(30).fill(patient))
    expect(new Set(written.map((it) => String(it.headers['vigil.rekeyed-from']))).size).toBe(30)
    expect(await running.metric('vigil_rekeyed_records_total')).toBe(30)
    expect(await running.metric('vigil_misplaced_records_total')).toBe(5)
    await running.stop()
    // a next process neither writes them again nor scores them twice
    const next = await service(settings)
    await ready(next.url)
    await next.stop()
    expect(
      (await topics.records('readings', [0])).filter((it) => it.headers['vigil.rekeyed-from'] !== undefined),
    ).toHaveLength(30)
    expect([...(await topics.states()).keys()].filter((it) => it.includes(other))).toEqual([`0/${other}`])
  })

  test('heartbeats say who watches what, and the self-test alert comes back', { timeout: 180_000 }, async () => {
    const before = (await topics.records('status')).length
    const running = await service(settings)
    await ready(running.url)
    await until('a self-test alert', async () => (await running.metric('vigil_self_test_seconds')) > 0, 150_000)
    expect(await running.metric('vigil_self_test_seconds')).toBeLessThan(5)
    const beats = (await topics.records('status')).slice(before).map((it) => JSON.parse(String(it.value)))
    expect(beats.map((it) => it.seq)).toEqual(beats.map((_, i) => i))
    expect(beats.at(-1)).toMatchObject({ partitions: [0, 1], models: [{ name: 'bedside', version: bedside.version }] })
    const alerts = [...(await topics.alerts())].filter((it) => it.body.subject.patientKey.includes('self-test'))
    expect(alerts).toEqual([])
    expect((await topics.alerts('alerts.test')).some((it) => it.body.signal.call === 'now')).toBe(true)
    expect(await running.metric('vigil_lag_records')).toBeGreaterThanOrEqual(0)
    await running.stop()
  })
})
