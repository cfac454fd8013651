import { VigilError } from '../../errors.ts'
import type { Random } from '../../random.ts'
import type { WardRecipe } from '../recipe.ts'
import type { Parts } from '../training-data.ts'
import type { RecordedPatient } from './recorded.ts'

/** Consecutive frames of one stay that something may be learnt from. */
export interface Piece {
  readonly patient: RecordedPatient
  /** frame of the patient's file */
  readonly from: number
  readonly count: number
}

/** A silence after which the state of before is of no use, seconds. */
const LONGEST_GAP = 600
/** Frames that are read at once. */
const BLOCK = 8192
/** A window of recordings shorter than this is not split by time: a minute later is not another time. */
const SHORTEST_WINDOW_SECONDS = 86_400
/** Share of the window, from its start, that training and validation see. */
const EARLIER = 0.75

/** Patients dealt to the four parts. */
export type Dealt = Parts<RecordedPatient[]>

/**
 * Deal patients by the order of their names, which are hashes: the same recordings are always split the same way, and a
 * patient never changes sides within them.
 * @throws VigilError data-unfit with fewer patients than parts
 */
export function dealt(patients: readonly RecordedPatient[], { shares, name }: WardRecipe): Dealt {
  const total = patients.length
  if (total < 4) {
    const found =
      total === 0 ? 'there is no reading' : `there are readings of ${total} patient${total === 1 ? '' : 's'}`
    const message = `${found}; training, validation, calibration and test need a patient each`
    throw new VigilError('data-unfit', message, { place: name })
  }
  const of = (share: number) => Math.max(1, Math.round(share * total))
  let [validation, calibration, test] = [of(shares.validation), of(shares.calibration), of(shares.test)]
  while (validation + calibration + test >= total) {
    if (calibration > 1) calibration--
    else if (validation > 1) validation--
    else test--
  }
  const cuts = [validation, validation + calibration, validation + calibration + test]
  return {
    validation: patients.slice(0, cuts[0]),
    calibration: patients.slice(cuts[0], cuts[1]),
    test: patients.slice(cuts[1], cuts[2]),
    train: patients.slice(cuts[2]),
  }
}

/** Pieces of the four parts, and the tick at which they are split by time too. */
export interface Cut {
  readonly pieces: Parts<Piece[]>
  /** undefined: the window is too short, or a part would have nothing left */
  readonly at: number | undefined
}

/**
 * Cut what may be learnt from into pieces: no alarm and none of the minutes around one, nothing over the end of a stay or
 * a long silence. Where the window is longer than a day, training and validation see its earlier part and calibration and
 * test the rest.
 */
export function piecesOf(dealt: Dealt, window: { first: number; last: number }, recipe: WardRecipe): Cut {
  const seconds = (window.last - window.first) * recipe.grid.cadenceSeconds
  if (seconds > SHORTEST_WINDOW_SECONDS) {
    const at = Math.floor(window.first + EARLIER * (window.last - window.first))
    const earlier = (of: readonly RecordedPatient[]) => of.flatMap((patient) => cut(patient, recipe, -Infinity, at))
    const later = (of: readonly RecordedPatient[]) => of.flatMap((patient) => cut(patient, recipe, at, Infinity))
    const pieces = {
      train: earlier(dealt.train),
      validation: earlier(dealt.validation),
      calibration: later(dealt.calibration),
      test: later(dealt.test),
    }
    if (Object.values(pieces).every((of) => of.length > 0)) return { pieces, at }
  }
  const all = (of: readonly RecordedPatient[]) => of.flatMap((patient) => cut(patient, recipe, -Infinity, Infinity))
  const { train, validation, calibration, test } = dealt
  return {
    pieces: { train: all(train), validation: all(validation), calibration: all(calibration), test: all(test) },
    at: undefined,
  }
}

/** Pieces of one patient within ticks [low, high). */
function cut(patient: RecordedPatient, recipe: WardRecipe, low: number, high: number): Piece[] {
  const { cadenceSeconds } = recipe.grid
  const shortest = recipe.warmupSteps + 2 * Math.max(...recipe.horizons)
  const margin = (recipe.alarmMinutes * 60) / cadenceSeconds
  const breaks = new Set(patient.breaks)
  const pieces: Piece[] = []
  let from = 0
  let before = Number.NaN
  let alarm = 0
  const end = (row: number) => {
    if (row - from >= shortest) pieces.push({ patient, from, count: row - from })
    from = row
  }
  for (let block = 0; block < patient.frames.count; block += BLOCK) {
    const { ticks, count } = patient.frames.read(block, Math.min(BLOCK, patient.frames.count - block))
    for (let i = 0; i < count; i++) {
      const [row, tick] = [block + i, ticks[i]!]
      if (breaks.has(row)) alarm = 0 // another stay's clock may begin earlier
      while (alarm < patient.alarms.length && patient.alarms[alarm]![1] + margin < tick) alarm++
      const alarming = alarm < patient.alarms.length && tick >= patient.alarms[alarm]![0] - margin
      const late = (tick - before) * cadenceSeconds > LONGEST_GAP
      if (breaks.has(row) || late || row - from === recipe.pieceFrames) end(row)
      if (alarming || tick < low || tick >= high) {
        end(row)
        from = row + 1
      }
      before = tick
    }
  }
  end(patient.frames.count)
  return pieces
}

/**
 * Pieces in random order of which no patient gives more than its share.
 * @returns as many as `most`, at most
 */
export function drawn(
  pieces: readonly Piece[],
  random: Random,
  patientShare: number,
  most = Number.POSITIVE_INFINITY,
): Piece[] {
  const patients = new Set(pieces.map(({ patient }) => patient)).size
  const total = pieces.reduce((sum, { count }) => sum + count, 0)
  const limit = Math.max(patientShare, 2 / patients) * total
  const given = new Map<RecordedPatient, number>()
  const taken: Piece[] = []
  for (const i of random.permutation(pieces.length)) {
    const piece = pieces[i]!
    const sum = (given.get(piece.patient) ?? 0) + piece.count
    if (sum > limit || taken.length >= most) continue
    given.set(piece.patient, sum)
    taken.push(piece)
  }
  return taken
}
