/** Newest values; NaN where there is none, which scores no point. `oxygen`: inspired share, .21 in air. */
export interface SeverityValues {
  readonly hr: number
  readonly spo2: number
  readonly temp: number
  readonly sys: number
  readonly map: number
  readonly resp: number
  readonly oxygen: number
  readonly paco2: number
  readonly wbc: number
  readonly platelets: number
  readonly bilirubin: number
  readonly creatinine: number
}

export interface Severity {
  /** lungs, platelets, liver, circulation, kidneys: what of SOFA can be had without vasopressors, coma scale and urine */
  readonly sofaParts: readonly number[]
  readonly sofa: number
  /** 0 to 4 */
  readonly sirs: number
  /** breathing and pressure only: 0 to 2 */
  readonly qsofa: number
  /** heart rate, breathing, temperature, systolic pressure, saturation: 0 to 15 */
  readonly news: number
}

/**
 * Parts of four clinical scores from the newest values. SOFA: Vincent 1996, its lung part from SpO2/FiO2 (Pandharipande
 * 2009: 512, 357, 214, 89); SIRS: Bone 1992; qSOFA: Singer 2016; NEWS2: Royal College of Physicians 2017 (scale 1).
 */
export function severity(v: SeverityValues): Severity {
  const sofaParts = [
    points(-v.spo2 / v.oxygen, [-512, -357, -214, -89]),
    points(-v.platelets, [-150, -100, -50, -20]),
    points(v.bilirubin, [1.2, 2, 6, 12]),
    v.map < 70 ? 1 : 0,
    points(v.creatinine, [1.2, 2, 3.5, 5]),
  ]
  const sirs =
    flag(v.temp > 38 || v.temp < 36) +
    flag(v.hr > 90) +
    flag(v.resp > 20 || v.paco2 < 32) +
    flag(v.wbc > 12 || v.wbc < 4)
  return {
    sofaParts,
    sofa: sofaParts.reduce((sum, part) => sum + part, 0),
    sirs,
    qsofa: flag(v.resp >= 22) + flag(v.sys <= 100),
    news: news(v),
  }
}

function news({ hr, resp, temp, sys, spo2 }: SeverityValues): number {
  const hrPoints = hr <= 40 || hr > 130 ? 3 : hr > 110 ? 2 : hr <= 50 || hr > 90 ? 1 : 0
  const respPoints = resp <= 8 || resp > 24 ? 3 : resp > 20 ? 2 : resp <= 11 ? 1 : 0
  const tempPoints = temp <= 35 ? 3 : temp > 39 ? 2 : temp <= 36 || temp > 38 ? 1 : 0
  const sysPoints = sys <= 90 || sys > 219 ? 3 : sys <= 100 ? 2 : sys <= 110 ? 1 : 0
  const spo2Points = spo2 <= 91 ? 3 : spo2 <= 93 ? 2 : spo2 <= 95 ? 1 : 0
  return hrPoints + respPoints + tempPoints + sysPoints + spo2Points
}

/** How many of the rising limits a value has reached. */
function points(value: number, limits: readonly number[]): number {
  let count = 0
  for (const limit of limits) if (value >= limit) count++
  return count
}

const flag = (is: boolean): number => (is ? 1 : 0)
