// Conversions into the UCUM unit of a channel. Exact factors: NIST SP 811 (1 mmHg = 133.322387415 Pa).

type Conversion = (value: number) => number

const same: Conversion = (value) => value
const KPA_TO_MMHG = 1000 / 133.322387415
const CMH2O_TO_MMHG = 98.0665 / 133.322387415

const CONVERSIONS: Readonly<Record<string, Readonly<Record<string, Conversion>>>> = {
  '/min': { '/s': (v) => v * 60, Hz: (v) => v * 60 },
  '%': { '1': (v) => v * 100 },
  'mm[Hg]': { kPa: (v) => v * KPA_TO_MMHG, 'cm[H2O]': (v) => v * CMH2O_TO_MMHG },
  Cel: { '[degF]': (v) => ((v - 32) * 5) / 9, K: (v) => v - 273.15 },
  // a millionth of a gram in a litre, and a thousandth of it in a millilitre
  'ng/mL': { 'ug/L': same },
  'ug/L': { 'ng/mL': same },
  'L/min': { 'mL/min': (v) => v / 1000, 'L/s': (v) => v * 60 },
}

/** What monitors and spreadsheets write for a UCUM unit (lower case). */
const SPELLINGS: Readonly<Record<string, string>> = {
  bpm: '/min', pm: '/min', '1/min': '/min', '{beats}/min': '/min', '{breaths}/min': '/min', 'beats/min': '/min', 'breaths/min': '/min', rpm: '/min',
  mmhg: 'mm[Hg]', 'mm hg': 'mm[Hg]', cmh2o: 'cm[H2O]', kpa: 'kPa',
  '°c': 'Cel', degc: 'Cel', c: 'Cel', celsius: 'Cel', '°f': '[degF]', degf: '[degF]', f: '[degF]', fahrenheit: '[degF]', kelvin: 'K',
  percent: '%', 'l/min': 'L/min', lpm: 'L/min', 'ml/min': 'mL/min', 'l/s': 'L/s', hz: 'Hz', fraction: '1',
} // biome-ignore format: a table

/** The UCUM unit a source's spelling means ("bpm" -> "/min"); an unknown spelling is returned as it is. */
function ucum(spelling: string): string {
  const lower = spelling.trim().toLowerCase()
  return Object.hasOwn(SPELLINGS, lower) ? SPELLINGS[lower]! : spelling.trim()
}

/**
 * The conversion from a source's unit into a channel's unit, or undefined when there is none (a wrong unit).
 * @param from the source's unit, in UCUM or a common spelling
 * @param to the channel's UCUM unit
 */
export function conversion(from: string, to: string): Conversion | undefined {
  const unit = ucum(from)
  if (unit === to) return same
  const known = CONVERSIONS[to]
  // "toString" is no unit
  return known !== undefined && Object.hasOwn(known, unit) ? known[unit] : undefined
}

/** Whether a text is a unit of some channel, or converts into one: any other may be anything. */
export function isUnit(text: string): boolean {
  const unit = ucum(text)
  return Object.entries(CONVERSIONS).some(([to, from]) => to === unit || Object.hasOwn(from, unit))
}
