import type { Channel } from '../../vitals/channels.ts'

export interface IcuChannel {
  /** the publisher's parameter */
  readonly parameter: string
  /** skewed: enters as ln(1 + value) */
  readonly log: boolean
  readonly channel: Channel
}

type Row = [
  parameter: string,
  name: string,
  meaning: string,
  unit: string,
  low: number,
  high: number,
  resolution: number,
]
const LOG = true

// Parameters and units of the PhysioNet/CinC Challenge 2012; ranges: what no patient can have is an artefact.
// biome-ignore format: a table
const SERIES: [...Row, log?: boolean][] = [
  ['Albumin', 'albumin', 'albumin', 'g/dL', 0.5, 8, 0.1],
  ['ALP', 'alp', 'alkaline phosphatase', '[IU]/L', 1, 8000, 1, LOG],
  ['ALT', 'alt', 'alanine transaminase', '[IU]/L', 1, 30000, 1, LOG],
  ['AST', 'ast', 'aspartate transaminase', '[IU]/L', 1, 50000, 1, LOG],
  ['Bilirubin', 'bilirubin', 'bilirubin, total', 'mg/dL', 0, 80, 0.1, LOG],
  ['BUN', 'bun', 'blood urea nitrogen', 'mg/dL', 0, 400, 1, LOG],
  ['Cholesterol', 'cholesterol', 'cholesterol', 'mg/dL', 10, 1000, 1],
  ['Creatinine', 'creatinine', 'creatinine', 'mg/dL', 0, 60, 0.1, LOG],
  ['DiasABP', 'abp_dia', 'arterial line, diastolic', 'mm[Hg]', 1, 300, 1],
  ['FiO2', 'fio2_share', 'inspired oxygen, share', '1', 0.2, 1, 0.01],
  ['GCS', 'gcs', 'Glasgow coma scale', '1', 3, 15, 1],
  ['Glucose', 'glucose', 'glucose of serum', 'mg/dL', 5, 2000, 1, LOG],
  ['HCO3', 'hco3', 'bicarbonate', 'mmol/L', 1, 100, 1],
  ['HCT', 'hct', 'haematocrit', '%', 5, 80, 0.1],
  ['HR', 'hr', 'heart rate, ECG', '/min', 1, 350, 1],
  ['K', 'potassium', 'potassium', 'mmol/L', 0.5, 30, 0.1],
  ['Lactate', 'lactate', 'lactate', 'mmol/L', 0.05, 50, 0.1, LOG],
  ['Mg', 'magnesium', 'magnesium', 'mg/dL', 0.1, 20, 0.1, LOG],
  ['MAP', 'abp_mean', 'arterial line, mean', 'mm[Hg]', 14, 330, 1],
  ['MechVent', 'ventilated', 'ventilated by a machine', '1', 0, 1, 1],
  ['Na', 'sodium', 'sodium', 'mmol/L', 80, 200, 1],
  ['NIDiasABP', 'nibp_dia', 'cuff pressure, diastolic', 'mm[Hg]', 1, 300, 1],
  ['NIMAP', 'nibp_mean', 'cuff pressure, mean', 'mm[Hg]', 14, 330, 1],
  ['NISysABP', 'nibp_sys', 'cuff pressure, systolic', 'mm[Hg]', 1, 375, 1],
  ['PaCO2', 'paco2', 'CO2 of arterial blood', 'mm[Hg]', 5, 200, 1],
  ['PaO2', 'pao2', 'oxygen of arterial blood', 'mm[Hg]', 10, 700, 1, LOG],
  ['pH', 'ph', 'pH of arterial blood', '[pH]', 6.3, 8, 0.01],
  ['Platelets', 'platelets', 'platelets', '10*3/uL', 1, 3000, 1, LOG],
  ['RespRate', 'resp', 'breathing rate', '/min', 1, 120, 1],
  ['SaO2', 'sao2', 'oxygen saturation of arterial blood', '%', 20, 100, 1],
  ['SysABP', 'abp_sys', 'arterial line, systolic', 'mm[Hg]', 1, 375, 1],
  ['Temp', 'temp', 'body temperature', 'Cel', 26, 45, 0.1],
  ['TroponinI', 'troponin_i', 'troponin I', 'ug/L', 0, 1000, 0.1, LOG],
  ['TroponinT', 'troponin_t', 'troponin T', 'ug/L', 0, 100, 0.01, LOG],
  ['Urine', 'urine', 'urine passed', 'mL', 0, 12000, 1, LOG],
  ['WBC', 'wbc', 'white blood cells', '10*3/uL', 0, 1000, 0.1, LOG],
]
// biome-ignore format: a table
const ATTRIBUTES: Row[] = [
  ['Age', 'age', 'age', 'a', 0, 130, 1],
  ['Gender', 'sex', 'sex: 0 female, 1 male', '1', 0, 1, 1],
  ['Height', 'height', 'height', 'cm', 100, 230, 0.1],
  ['ICUType', 'icu_type', 'unit: 1 coronary, 2 cardiac surgery, 3 medical, 4 surgical', '1', 1, 4, 1],
  ['Weight', 'weight', 'weight', 'kg', 20, 350, 0.1],
]

/** Series before attributes. */
export const ICU48_SERIES = SERIES.length

export const ICU48_CHANNELS: readonly IcuChannel[] = [...SERIES, ...ATTRIBUTES].map(
  ([parameter, name, meaning, unit, low, high, resolution, log], i) => ({
    parameter,
    log: log === true,
    channel: { name, label: parameter, meaning, unit, range: [low, high], resolution, cadence: i < ICU48_SERIES ? 'episodic' : 'static', loinc: [] },
  }), // biome-ignore format: one channel
)
