import { expect, test } from 'vitest'
import { bodyLine } from '../../src/alerts/body.ts'
import { advance, NO_ALERTS } from '../../src/alerts/lifecycle.ts'
import { AlertBody } from '../../src/vitals/alert.ts'
import { CONTEXT, condition, lost, T0 } from './ward.ts'

const start = (over = {}) => advance(CONTEXT, NO_ALERTS, [condition(over)], T0 + 4000).bodies[0]!

test('a body is what the contract says', () => {
  for (const body of [
    start(),
    start({ score: undefined, channels: [] }),
    advance(CONTEXT, [], [lost(T0, 31)], T0).bodies[0]!,
  ])
    expect(AlertBody.parse(body)).toEqual(body)
})

test('its numbers are rounded and its keys stand in one order: one event, one line, byte for byte', () => {
  expect(bodyLine(start())).toBe(
    `{"alertId":"${start().alertId}","eventId":"${start().eventId}","seq":0,"phase":"start","state":"active","kind":"advisory","priority":"medium",` +
      '"code":"unexpected","label":"SpO2 88 %, expected 94 to 98 %, since 12:04:10",' +
      '"subject":{"patientKey":"p-1","keyedBy":"patient","encounterKey":"e-1","unit":"ICU","bed":"7"},' +
      `"times":{"event":${T0 + 4000},"onset":${T0},"detected":${T0 + 4000}},` +
      `"source":{"detector":"bedside","version":"1","model":{"name":"bedside","version":"1.0.0","sha256":"${'a'.repeat(64)}"},"thresholds":{"set":"built-in","version":"1"}},` +
      '"score":{"name":"p-value","value":1.235e-7,"threshold":0.00001,"persistence":{"n":3,"of":5},"calibrated":false,"horizonSeconds":1},' +
      '"channels":[{"channel":"spo2","unit":"%","observed":88,"expected":{"mean":96.12,"sd":0.71,"low":94.2,"high":97.8},"z":-6.12,"contribution":0.912,"status":"ok",' +
      `"sampleTime":${T0},"loinc":"59408-5","mdc":150456}],` +
      '"explanation":{"text":"SpO2 88 %","method":"student-t cell mass, calibrated on 1 frames"},' +
      '"context":{"warmupSteps":60,"missingChannels":["etco2"],"staleSeconds":0,"news2":{"score":3,"missing":["oxygen"]},"limitAlarm":false,"profile":{"name":"adult","assumed":true}},' +
      '"signal":{"call":"now","latching":false,"ack":false,"unanswered":0,"suppressedSinceLast":0},' +
      '"intendedUse":"research-advisory"}\n',
  )
})

test('the order in which a condition happens to carry its keys changes nothing', () => {
  const reversed = Object.fromEntries(Object.entries(condition()).reverse()) as unknown as ReturnType<typeof condition>
  const channels = reversed.channels.map(
    (it) => Object.fromEntries(Object.entries(it).reverse()) as unknown as typeof it,
  )
  expect(bodyLine(start({ ...reversed, channels }))).toBe(bodyLine(start()))
})

test('float32 noise of a frame does not reach a body', () => {
  const channels = [{ ...condition().channels[0]!, observed: Math.fround(38.1), z: -1e-9 }]
  const [channel] = start({ channels }).channels
  expect(channel!.observed).toBe(38.1)
  expect(JSON.stringify(channel!.z)).toBe('0')
})
