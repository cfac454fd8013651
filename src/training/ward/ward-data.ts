import { join } from 'node:path'
import { VigilError } from '../../errors.ts'
import { featurePlan } from '../../inference/features.ts'
import { findRecordings } from '../../ingest/find-recordings.ts'
import { random } from '../../random.ts'
import { type ChannelTable, channelTable } from '../../vitals/channels.ts'
import { sha256 } from '../bundle.ts'
import { framed, laneUp } from '../dataset.ts'
import { featuresOf } from '../named-stays.ts'
import { fitNormaliser } from '../normaliser.ts'
import type { WardRecipe } from '../recipe.ts'
import type { TrainOptions } from '../train.ts'
import type { Parts, TrainingData } from '../training-data.ts'
import { trainingFolder } from '../training-folder.ts'
import { type Cut, dealt, drawn, type Piece, piecesOf } from './pieces.ts'
import { type Recorded, type RecordedPatient, readRecorded } from './recorded.ts'

/** Which pieces stand for a part does not depend on the seed of the weights. */
const SAMPLING = 1

/**
 * Whatever a site has recorded, in any format that `vigil replay` reads: frames on disk, a piece of each lane in memory.
 * @throws VigilError data-missing, data-unfit, recording-unreadable, recording-format, mapping-invalid, registry-unwritable
 */
export async function wardData(recipe: WardRecipe, options: TrainOptions): Promise<TrainingData> {
  const paths = await findRecordings(options.dataDirs)
  const folder = join(trainingFolder(options.out, recipe.name), 'frames')
  options.log(`recordings to read: ${paths.length}`)
  const recorded = await readRecorded(paths, recipe, channelTable(), folder, options.mapping, (readings) =>
    options.progress?.(() => `${readings.toLocaleString('en')} readings read`),
  )
  const { patients } = recorded
  const parts = dealt(patients, recipe)
  const window = windowOf(patients)
  const cut = piecesOf(parts, window, recipe)
  for (const [part, pieces] of Object.entries(cut.pieces)) {
    if (pieces.length > 0) continue
    const message = `nothing is left for ${part}: its patients are too short, or always near an alarm`
    throw new VigilError('data-unfit', message, { place: recipe.name })
  }
  const notes = [...inWords(recorded, cut, window, recipe), `Hash of the window, as frames: \`${shaOf(patients)}\`.`]
  for (const note of notes) options.log(note)

  const table = narrow(recipe.channels)
  const chosen = random(SAMPLING)
  const sampled = (part: keyof Parts<unknown>) =>
    drawn(cut.pieces[part], chosen, recipe.patientShare, recipe.sample[part])
  const sample: Parts<Piece[]> = {
    train: sampled('train'),
    validation: sampled('validation'),
    calibration: sampled('calibration'),
    test: sampled('test'),
  }
  const framesOf = ({ patient, from, count }: Piece) => patient.frames.read(from, count)
  const normaliser = fitNormaliser(sample.train.map(framesOf), recipe.channels, table, recipe.clip)
  const features = featuresOf(recipe)
  const plan = featurePlan({ channels: [...recipe.channels], normaliser, features }, table)
  const stayOf = (piece: Piece) =>
    framed(piece.patient.name, framesOf(piece), recipe.grid.cadenceSeconds, plan, recipe.horizons)
  const [inputs, targets] = [recipe.channels.length * 4, recipe.horizons.length * recipe.channels.length]
  const names = (of: readonly RecordedPatient[]) => of.map(({ name }) => name)
  return {
    table,
    features,
    normaliser,
    plan,
    stays: {
      train: sample.train.map(stayOf),
      validation: sample.validation.map(stayOf),
      calibration: sample.calibration.map(stayOf),
      test: sample.test.map(stayOf),
    },
    split: {
      train: names(parts.train),
      validation: names(parts.validation),
      calibration: names(parts.calibration),
      test: names(parts.test),
    },
    about: `${paths.length} ${paths.length === 1 ? 'recording' : 'recordings'} of a site's own`,
    sha256: shaOf(patients),
    notes,
    draw: (source) => {
      const pieces = drawn(cut.pieces.train, source, recipe.patientShare)
      return {
        parts: Math.ceil(pieces.length / recipe.lanes),
        lanes: (part) => {
          const some = pieces.slice(part * recipe.lanes, (part + 1) * recipe.lanes)
          return laneUp(some.map(stayOf), inputs, targets, recipe.warmupSteps)
        },
      }
    },
    ramped: () => [],
  }
}

/** A channel table of these channels alone. */
function narrow(names: readonly string[]): ChannelTable {
  const { channels, index } = channelTable()
  return {
    channels: names.map((name) => channels[index.get(name)!]!),
    index: new Map(names.map((name, i) => [name, i])),
  }
}

function windowOf(patients: readonly RecordedPatient[]): { first: number; last: number } {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { frames } of patients) {
    first = Math.min(first, frames.read(0, 1).ticks[0]!)
    last = Math.max(last, frames.read(frames.count - 1, 1).ticks[0]!)
  }
  return { first, last }
}

const shaOf = (patients: readonly RecordedPatient[]): string =>
  sha256(patients.map(({ name, frames }) => `${frames.sha256()}  ${name}\n`).join(''))

/** What the network saw of the recordings, and what it did not. */
function inWords(
  { patients, leftOut, readings }: Recorded,
  { pieces, at }: Cut,
  { first, last }: { first: number; last: number },
  recipe: WardRecipe,
): string[] {
  const instant = (tick: number) => new Date(tick * recipe.grid.cadenceSeconds * 1000).toISOString()
  const frames = patients.reduce((sum, { frames: { count } }) => sum + count, 0)
  const alarms = patients.reduce((sum, { alarms: of }) => sum + of.length, 0)
  const used = Object.values(pieces).flat()
  const inPieces = used.reduce((sum, { count }) => sum + count, 0)
  const time =
    at === undefined
      ? 'not split by time, for the window is too short or too uneven'
      : `training and validation end at ${instant(at)}, calibration and test begin there`
  return [
    `Window ${instant(first)} to ${instant(last)}: ${patients.length} patients, ${readings} readings, ${frames} frames. Split by patient; ${time}.`,
    `Learnt from: ${inPieces} frames in ${used.length} pieces. Left out: ${alarms} alarms of the adult limits with ${recipe.alarmMinutes} minutes before and after each, stays and silences that are too short to warm up, what the sensor logic set aside, and ${leftOut.discharged} readings after a discharge, ${leftOut.late} late, ${leftOut.setAside} with a wrong clock, ${leftOut.rejected} that could not be read. No patient gives more than ${(100 * recipe.patientShare).toFixed(0)} % of an epoch, or twice an equal share where there are few.`,
  ]
}
