import type { Channel } from '../../vitals/channels.ts'

/** What kind of thing an hourly channel is, for counts. */
export type HourlyKind = 'vital' | 'laboratory' | 'attribute'

export interface HourlyChannel {
  /** the publisher's column */
  readonly column: string
  readonly kind: HourlyKind
  /** skewed: enters as its logarithm */
  readonly log: boolean
  readonly channel: Channel
}

type Row = [column: string, name: string, meaning: string, unit: string, low: number, high: number, resolution: number]

// Columns, order and units of the PhysioNet/CinC Challenge 2019 (Reyna et al., Crit Care Med 2020, table 1).
// biome-ignore format: a table
const VITALS: Row[] = [
  ['HR', 'hr', 'heart rate, ECG', '/min', 0, 350, 1],
  ['O2Sat', 'spo2', 'oxygen saturation', '%', 0, 100, 1],
  ['Temp', 'temp', 'body temperature', 'Cel', 20, 45, 0.1],
  ['SBP', 'sys', 'systolic pressure', 'mm[Hg]', 0, 375, 1],
  ['MAP', 'map', 'mean arterial pressure', 'mm[Hg]', 0, 375, 1],
  ['DBP', 'dia', 'diastolic pressure', 'mm[Hg]', 0, 375, 1],
  ['Resp', 'resp', 'breathing rate', '/min', 0, 120, 1],
  ['EtCO2', 'etco2', 'end-tidal CO2', 'mm[Hg]', 0, 150, 1],
]
// biome-ignore format: a table
const LABORATORY: [...Row, log: boolean][] = [
  ['BaseExcess', 'base_excess', 'base excess', 'mmol/L', -60, 60, 1, false],
  ['HCO3', 'hco3', 'bicarbonate', 'mmol/L', 0, 100, 1, false],
  ['FiO2', 'fio2_share', 'inspired oxygen, share', '1', 0, 1, 0.01, false],
  ['pH', 'ph', 'pH of arterial blood', '[pH]', 6, 8.5, 0.01, false],
  ['PaCO2', 'paco2', 'CO2 of arterial blood', 'mm[Hg]', 0, 200, 1, false],
  ['SaO2', 'sao2', 'oxygen saturation of arterial blood', '%', 0, 100, 1, false],
  ['AST', 'ast', 'aspartate transaminase', '[IU]/L', 0, 20000, 1, true],
  ['BUN', 'bun', 'blood urea nitrogen', 'mg/dL', 0, 400, 1, true],
  ['Alkalinephos', 'alp', 'alkaline phosphatase', '[IU]/L', 0, 8000, 1, true],
  ['Calcium', 'calcium', 'calcium', 'mg/dL', 0, 40, 0.1, false],
  ['Chloride', 'chloride', 'chloride', 'mmol/L', 0, 200, 1, false],
  ['Creatinine', 'creatinine', 'creatinine', 'mg/dL', 0, 60, 0.1, true],
  ['Bilirubin_direct', 'bilirubin_direct', 'bilirubin, direct', 'mg/dL', 0, 60, 0.1, true],
  ['Glucose', 'glucose', 'glucose of serum', 'mg/dL', 0, 2000, 1, true],
  ['Lactate', 'lactate', 'lactate', 'mmol/L', 0, 50, 0.1, true],
  ['Magnesium', 'magnesium', 'magnesium', 'mg/dL', 0, 20, 0.1, false],
  ['Phosphate', 'phosphate', 'phosphate', 'mg/dL', 0, 40, 0.1, false],
  ['Potassium', 'potassium', 'potassium', 'mmol/L', 0, 40, 0.1, false],
  ['Bilirubin_total', 'bilirubin', 'bilirubin, total', 'mg/dL', 0, 80, 0.1, true],
  ['TroponinI', 'troponin_i', 'troponin I', 'ng/mL', 0, 1000, 0.01, true],
  ['Hct', 'hct', 'haematocrit', '%', 0, 100, 0.1, false],
  ['Hgb', 'hgb', 'haemoglobin', 'g/dL', 0, 40, 0.1, false],
  ['PTT', 'ptt', 'partial thromboplastin time', 's', 0, 400, 0.1, true],
  ['WBC', 'wbc', 'white blood cells', '10*3/uL', 0, 1000, 0.1, true],
  ['Fibrinogen', 'fibrinogen', 'fibrinogen', 'mg/dL', 0, 3000, 1, true],
  ['Platelets', 'platelets', 'platelets', '10*3/uL', 0, 3000, 1, true],
]
// biome-ignore format: a table
const ATTRIBUTES: Row[] = [
  ['Age', 'age', 'age', 'a', 0, 130, 1],
  ['Gender', 'sex', 'sex: 0 female, 1 male', '1', 0, 1, 1],
  ['Unit1', 'medical_icu', 'in a medical intensive care unit', '1', 0, 1, 1],
  ['Unit2', 'surgical_icu', 'in a surgical intensive care unit', '1', 0, 1, 1],
  ['HospAdmTime', 'before_icu', 'hours from hospital to unit, negative', 'h', -100000, 100000, 0.01],
  ['ICULOS', 'icu_hours', 'hours in the unit', 'h', 0, 100000, 1],
]

function channel(
  [column, name, meaning, unit, low, high, resolution]: Row,
  kind: HourlyKind,
  log: boolean,
): HourlyChannel {
  const cadence = kind === 'attribute' && column !== 'ICULOS' ? 'static' : 'episodic'
  return {
    column,
    kind,
    log,
    channel: { name, label: column.slice(0, 16), meaning, unit, range: [low, high], resolution, cadence, loinc: [] },
  } // biome-ignore format: one channel
}

/** The 40 channels of an hourly row: 8 vital signs, 26 laboratory values, 6 attributes. */
export const SEPSIS_CHANNELS: readonly HourlyChannel[] = [
  ...VITALS.map((row) => channel(row, 'vital', false)),
  ...LABORATORY.map(([c, n, m, u, l, h, r, log]) => channel([c, n, m, u, l, h, r], 'laboratory', log)),
  ...ATTRIBUTES.map((row) => channel(row, 'attribute', false)),
]
