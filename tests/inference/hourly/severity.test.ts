import { expect, it } from 'vitest'
import { type SeverityValues, severity } from '../../../src/inference/hourly/severity.ts'

const N = Number.NaN
const unknown: SeverityValues = {
  hr: N, spo2: N, temp: N, sys: N, map: N, resp: N, oxygen: 0.21, paco2: N, wbc: N, platelets: N, bilirubin: N, creatinine: N,
} // biome-ignore format: nothing known

it('scores nothing where nothing is known', () => {
  expect(severity(unknown)).toEqual({ sofaParts: [0, 0, 0, 0, 0], sofa: 0, sirs: 0, qsofa: 0, news: 0 })
})

it('scores a septic patient as the tables do', () => {
  const said = severity({
    hr: 118, spo2: 93, temp: 38.6, sys: 92, map: 62, resp: 26, oxygen: 0.4, paco2: 30, wbc: 15, platelets: 90, bilirubin: 2.4,
    creatinine: 2.2,
  }) // biome-ignore format: one patient
  // SpO2/FiO2 232: 2; platelets below 100: 2; bilirubin 2 to 5.9: 2; MAP below 70: 1; creatinine 2 to 3.4: 2
  expect(said.sofaParts).toEqual([2, 2, 2, 1, 2])
  expect(said.sofa).toBe(9)
  expect(said.sirs).toBe(4)
  expect(said.qsofa).toBe(2)
  // heart rate 2, breathing 3, temperature 1, pressure 2, saturation 2
  expect(said.news).toBe(10)
})

it('scores a healthy one nothing', () => {
  const said = severity({
    hr: 70, spo2: 98, temp: 37, sys: 125, map: 85, resp: 14, oxygen: 0.18, paco2: 40, wbc: 8, platelets: 250, bilirubin: 0.6,
    creatinine: 0.9,
  }) // biome-ignore format: one patient
  expect([said.sofa, said.sirs, said.qsofa, said.news]).toEqual([0, 0, 0, 0])
})
