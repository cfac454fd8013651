import type { Random } from '../../random.ts'
import type { Person } from './person.ts'
import type { WardSetting } from './settings.ts'

/** What a script does to a patient at one second. */
export interface Forces {
  /** percentage points of saturation taken away */
  desaturation: number
  /** share of normal breathing left: 1, or 0 in apnoea */
  breathing: number
  /** fraction of the blood volume missing, 0..0.45 */
  volume: number
  /** 0..1 */
  sepsis: number
  /** /min added from one beat to the next */
  rate: number
  /** irregular beats, 0 or 1 */
  irregular: number
}

/** The body's own signs at one second, before any monitor. */
export interface Signs {
  hr: number
  /** beats that reach the finger, /min */
  pulse: number
  spo2: number
  resp: number
  sys: number
  dia: number
  mean: number
  temp: number
  /** -1..1, 1 = breathed in */
  inhaled: number
  /** perfusion of the finger, 1 = good */
  perfusion: number
}

/** A mean-reverting wander, AR(1) a second: standard deviation 1, forgetting over `seconds`. */
function wander(seconds: number, noise: () => number): () => number {
  const keep = Math.exp(-1 / seconds)
  const push = Math.sqrt(1 - keep * keep)
  let value = noise()
  return () => {
    value = keep * value + push * noise()
    return value
  }
}

/** lung and blood oxygen, as a store that breathing fills and the body empties: 1 = full */
const CONSUMED = 0.005 // a second
const FILLED = 0.05 // a second of normal breathing, of what is missing
/** saturation falls from this store on, by percentage points: sigmoid enough for what monitors see */
const FALLS_FROM = 0.75
const DEPTH = 60
const STEEP = 1.3
/** seconds from the lung to the finger */
const CIRCULATION = 12
/** seconds in which the reflexes answer a change of pressure */
const REFLEX = 15
const DAY = 86_400

/**
 * One patient's signs, second by second. Coupled as bodies are: breathing moves the heart rate (sinus arrhythmia) and
 * the pressures; less breathing empties an oxygen store, and saturation follows a circulation time later; low saturation
 * drives breathing and heart rate; a lost volume narrows the pulse pressure, then lowers the pressure, and the reflex
 * raises the heart rate; fever, fast breathing and low pressure come together in sepsis; arousal moves all of them; day
 * and night. Plausible in direction, delay and size; not a model of any one patient.
 * @returns the signs of the next second, in an object used again and again
 */
export function physiology(
  person: Person,
  { slowness, circadian }: WardSetting,
  { uniform, normal }: Random,
): (timeOfDay: number, forces: Forces) => Signs {
  const own = (seconds: number) => wander(seconds * slowness, normal)
  const arousal = own(240)
  const beats = own(12)
  const rateDrift = own(400)
  const breaths = own(18)
  const depths = own(60)
  const saturation = own(12)
  const vessels = own(500)
  const skin = own(7200)
  // ECG and oximeter count beats each in its own way
  const counted = own(8)
  const felt = own(8)
  const { lability: l } = person
  const delayed = new Float64Array(CIRCULATION)
  let store = 0.9
  let lung = 1
  let phase = uniform()
  let reflex = 0
  let excursion = 0
  let excursionLeft = 0
  let toPulse = false
  const signs: Signs = { hr: 0, pulse: 0, spo2: 0, resp: 0, sys: 0, dia: 0, mean: 0, temp: 0, inhaled: 0, perfusion: 1 }
  let second = 0
  return (timeOfDay, forces) => {
    const { volume, sepsis, irregular } = forces
    // highest at four in the afternoon
    const day = circadian * Math.cos((2 * Math.PI * (timeOfDay - 16 * 3600)) / DAY)
    const awake = l * (1 + 0.35 * day) * arousal()
    // breathing: what reached the blood a circulation time ago drives it
    const missing = delayed[second % CIRCULATION]!
    const drive =
      person.resp + 0.7 * day + 1.0 * awake + 1.3 * l * breaths() + 0.35 * missing + 25 * volume + 10 * sepsis
    const resp = forces.breathing * Math.max(4, drive)
    phase = (phase + resp / 60) % 1
    const depth = Math.max(0.3, 1 + 0.12 * l * depths() + 0.02 * missing)
    const inhaled = forces.breathing * depth * Math.sin(2 * Math.PI * phase)
    const ventilation = Math.min(2.5, (resp / person.resp) * depth)
    store += FILLED * ventilation * (1 - store) - CONSUMED * (0.9 + 0.1 * store)
    store = Math.max(0, Math.min(1, store))
    lung += (ventilation - lung) / 30
    const fallen = store < FALLS_FROM ? DEPTH * (FALLS_FROM - store) ** STEEP : 0
    const shallow = forces.breathing * Math.max(-1.2, Math.min(1.2, 1.4 * (lung - 1)))
    delayed[second % CIRCULATION] = fallen + forces.desaturation + 3 * sepsis - shallow
    const below = delayed[(second + 1) % CIRCULATION]!
    const spo2 = person.spo2 + 0.85 * l * saturation() - below
    // pressures: the reflex answers what it has missed so far
    const tone = 4.5 * vessels() + 2.2 * awake + 4 * day
    const lost = Math.max(0, volume - 0.15)
    const held = (1 - 2.2 * lost) * (1 - 0.25 * sepsis) * (1 - 0.1 * irregular)
    const restMean = person.dia + (person.sys - person.dia) / 3
    const mean = (restMean + tone) * held - 1.1 * inhaled + 0.4 * normal()
    // it holds what is right for the time of day
    reflex += ((restMean + 4 * day - mean) / restMean - reflex) / REFLEX
    const width = (person.sys - person.dia) * Math.max(0.3, 1 - 1.5 * volume) * (1 - 0.12 * irregular) - 1.2 * inhaled
    // heart rate
    if (excursionLeft > 0) excursionLeft--
    else if (uniform() < person.excursions / 3600) {
      excursionLeft = 2 + Math.floor(6 * uniform() * uniform() * 3)
      excursion = (uniform() < 0.75 ? 1 : -1) * (18 + 24 * uniform())
      toPulse = uniform() < 0.6
    }
    const odd = excursionLeft > 0 ? excursion : 0
    const hypoxic = missing > 35 ? -1.2 * (missing - 35) : 0.8 * missing
    const steady =
      person.hr * (1 + 0.06 * day) +
      1.4 * awake +
      0.8 * l * rateDrift() +
      0.7 * l * beats() +
      70 * volume +
      35 * sepsis +
      hypoxic +
      60 * Math.max(-0.1, reflex) +
      forces.rate
    const hr = steady + person.sinus * inhaled + (irregular > 0 ? 7 : 0.4) * normal()
    signs.hr = Math.max(0, hr + odd + 1.4 * l * counted())
    signs.pulse = Math.max(0, (hr + (toPulse ? odd : 0)) * (1 - 0.12 * irregular) + 1.2 * l * felt())
    signs.spo2 = Math.max(30, Math.min(100, spo2))
    signs.resp = resp
    signs.mean = mean
    signs.dia = mean - width / 3
    signs.sys = signs.dia + width
    signs.temp = person.temp + 0.25 * day + 0.1 * skin() + 1.9 * sepsis - 1.5 * Math.max(0, volume - 0.2)
    signs.inhaled = inhaled
    signs.perfusion = Math.max(0.05, 1 - 2.2 * volume - 0.4 * sepsis)
    second++
    return signs
  }
}
