import { random } from '../../random.ts'
import { reconstructionPlan, reconstructionScore } from '../../scoring/reconstruction.ts'
import { fitWindows, windowErrors } from '../../training/encdec/fit.ts'
import { firstTranslator, newestFrameModel, type TranslatorCell, translatorModel, type WindowModel } from '../../training/encdec/models.ts' // biome-ignore format: one line
import type { TranslationRecipe } from '../../training/encdec/recipe.ts'
import { type FramedParts, framedParts } from '../../training/encdec/stays.ts'
import { drawnWindows, errorSpread } from '../../training/encdec/train-encdec.ts'
import { type Window, windowsOf } from '../../training/encdec/windows.ts'
import { encdec } from '../../training/recipes/encdec.ts'
import { withGapAlarm } from '../faults/baselines/baseline.ts'
import { FAULT_GRID, FAULT_SEEDS } from '../faults/grid.ts'
import { type FaultyRecording, injectAll } from '../faults/inject.ts'
import { GAP_SECONDS, type Recording, readingAt, recordingOf } from '../faults/recording.ts'
import { allowedAlarms, conduct } from '../faults/tune.ts'
import { type Comparison, type Drawn, figuresOf } from './comparison.ts'
import type { CompareOptions } from './hourly.ts'
import type { Variant } from './variants.ts'

const EPOCHS = 15
/** false alarms per patient-hour at which faults are counted */
const PER_HOUR = 4
const C = encdec.channels.length

/**
 * The encoder-decoder with each cell: held-out reconstruction error, and the share of faults put into the test recordings
 * that it finds (the first of the benchmark's seeds), all at the same rate of false alarms. The perceptron says the whole
 * window from its newest frame.
 * @throws VigilError as `vigil train encdec`
 */
export async function compareTranslation(
  dir: string,
  variants: readonly Variant[],
  reference: string,
  { seeds, hidden, epochs = EPOCHS, log }: CompareOptions,
  split: TranslationRecipe['split'] = encdec.split,
): Promise<Comparison> {
  const parts = await framedParts({ ...encdec, split }, [dir])
  const { window, stride } = encdec
  const windows = (part: 'validation' | 'calibration' | 'test') =>
    parts.raw[part].flatMap((stay) => windowsOf(parts.frame(stay), C, window, stride))
  const [validation, calibration] = [windows('validation'), windows('calibration')]
  const untouched = parts.raw.test.map((stay) => recordingOf(stay, parts.table))
  const faulty = injectAll(untouched, FAULT_GRID, FAULT_SEEDS.slice(0, 1))
  const measured = { error: new Map<string, Drawn[]>(), found: new Map<string, Drawn[]>() }
  const seconds: Record<string, number> = {}
  for (const { name } of variants) {
    const began = performance.now()
    for (let seed = 1; seed <= seeds; seed++) {
      const rng = random(seed)
      const model = name === 'perceptron' ? newestFrameModel(C, window, rng) : translatorModel(firstTranslator(name as TranslatorCell, C, hidden, rng), encdec.feed, C) // biome-ignore format: one line
      fitWindows(model, { ...encdec.fit, epochs }, () => drawnWindows(encdec, parts, rng), validation, rng)
      const error = errorOn(model, parts)
      const found = foundBy(model, parts, [...validation, ...calibration], untouched, faulty)
      const once = new Uint8Array(untouched.length).fill(1)
      log(`encdec, ${name}, seed ${seed}: error ${error(once).toFixed(4)}, found ${found(once).toFixed(4)}`)
      measured.error.set(name, [...(measured.error.get(name) ?? []), error])
      measured.found.set(name, [...(measured.found.get(name) ?? []), found])
    }
    seconds[name] = (performance.now() - began) / 1000 / seeds
  }
  return {
    task: 'encdec',
    trainPatients: parts.raw.train.length,
    testPatients: untouched.length,
    reference,
    measures: {
      error: figuresOf(measured.error, untouched.length, reference),
      found: figuresOf(measured.found, untouched.length, reference),
    },
    seconds,
  }
}

/** Half the squared error per observed value of drawn test patients. */
function errorOn(model: WindowModel, { raw, frame }: FramedParts): Drawn {
  const sums = raw.test.map((stay) => {
    let [sum, count] = [0, 0]
    for (const window of windowsOf(frame(stay), C, encdec.window, encdec.stride)) {
      for (const error of windowErrors(model, window)) {
        if (error < 0) continue
        sum += (error * error) / 2
        count++
      }
    }
    return [sum, count] as const
  })
  return (times) => {
    let [total, values] = [0, 0]
    sums.forEach(([sum, count], p) => {
      total += times[p]! * sum
      values += times[p]! * count
    })
    return total / values
  }
}

/** Share of the faults of drawn test patients that is found. */
function foundBy(
  model: WindowModel,
  parts: FramedParts,
  known: readonly Window[],
  untouched: readonly Recording[],
  faulty: readonly FaultyRecording[],
): Drawn {
  const { window, stride, scored } = encdec
  const { centre, covariance } = errorSpread(model, known, C)
  const plan = reconstructionPlan(centre, covariance, scored)
  const contributions = new Float64Array(C)
  const scorer = withGapAlarm(({ values, seconds }) => {
    const readings = Array.from({ length: seconds }, (_, second) => readingAt({ start: 0, values }, second, 'recording', parts.table)) // biome-ignore format: one line
    const stay = parts.frame({ name: '', readings: readings.filter((reading) => reading !== undefined) })
    const scores = new Float64Array(seconds).fill(Number.NaN)
    windowsOf(stay, C, window, stride).forEach((it, i) => {
      const end = stay.frames.ticks[window - 1 + i * stride]!
      scores[end] = reconstructionScore(plan, windowErrors(model, it), 0, window, contributions)
    })
    return scores
  }, GAP_SECONDS)
  const { delays } = conduct(scorer, untouched, faulty, allowedAlarms(untouched, PER_HOUR))
  const place = new Map(untouched.map(({ name }, p) => [name, p]))
  return (times) => {
    let [hits, all] = [0, 0]
    faulty.forEach(({ name }, i) => {
      const often = times[place.get(name)!]!
      all += often
      if (delays[i] !== undefined) hits += often
    })
    return hits / all
  }
}
