import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { VigilError } from '../../errors.ts'
import { merged } from '../../ingest/merge.ts'
import { openRecording } from '../../ingest/recording.ts'
import { checkLimits, limitPlan, resetLimits } from '../../scoring/limits.ts'
import { Page } from '../../scoring/page.ts'
import { resetSensors } from '../../scoring/sensor-row.ts'
import { sensorPlan, siftFrame, trusted } from '../../scoring/sensors.ts'
import { agrees, judge, witnesses } from '../../stream/clock.ts'
import {
  advanceClock,
  agreedStamps,
  gridPlan,
  newestTime,
  resetGrid,
  resetOpen,
  takeReading,
} from '../../stream/grid.ts'
import type { Input } from '../../stream/ports.ts'
import type { ChannelTable } from '../../vitals/channels.ts'
import type { Condition } from '../../vitals/condition.ts'
import { frameColumns } from '../../vitals/frame.ts'
import { ADULT_LIMITS } from '../../vitals/limits.ts'
import type { Reading } from '../../vitals/reading.ts'
import { Settings } from '../../vitals/settings.ts'
import type { WardRecipe } from '../recipe.ts'
import { FrameFile } from './frame-file.ts'

/** One patient's recordings as frames on disk. */
export interface RecordedPatient {
  /** hash of the patient's key: what stands in the manifest instead of it */
  readonly name: string
  readonly frames: FrameFile
  /** [from, to] ticks in which a fixed limit alarmed */
  readonly alarms: [from: number, to: number][]
  /** frames before which another stay ended */
  readonly breaks: number[]
}

/** What of the recordings made no frame, in readings. */
export interface LeftOut {
  rejected: number
  late: number
  setAside: number
  discharged: number
}

export interface Recorded {
  readonly patients: readonly RecordedPatient[]
  readonly leftOut: LeftOut
  readonly readings: number
}

/** Inputs that are worked at once. */
const BATCH = 512
/** Files whose readings are told apart by their time; beyond it they are read one after the other, by name. */
const MOST_OPEN = 512

/**
 * Recordings through the clock, the grid and the sensors that serve, to frames on disk: one batch of each file, and a few
 * kilobytes a patient, are in memory. Frames are kept of the model's channels alone; which limits alarmed, and when a stay
 * ended, is kept beside them.
 * @param folder made anew
 * @throws VigilError recording-unreadable, recording-format, mapping-invalid, registry-unwritable
 */
export async function readRecorded(
  paths: readonly string[],
  recipe: WardRecipe,
  table: ChannelTable,
  folder: string,
  mapping: string | undefined,
  told: (readings: number) => void,
): Promise<Recorded> {
  try {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new VigilError('registry-unwritable', 'frames cannot be kept beside the registry', { place: folder, cause })
  }
  const intake = wardIntake(recipe, table, folder)
  const options = { table, ...(mapping === undefined ? {} : { mapping }) }
  const together = paths.length <= MOST_OPEN ? [paths] : paths.map((path) => [path])
  for (const some of together) {
    const batch = Math.max(16, Math.ceil(2048 / some.length))
    const recordings = some.map((path) => openRecording(path, { ...options, batch }))
    for await (const { inputs } of merged(recordings, BATCH, rethrow)) {
      for (const input of inputs) intake.take(input)
      told(intake.readings())
    }
  }
  return intake.end()
}

function rethrow(error: unknown): never {
  throw error
}

/** A patient while the recordings are read. */
interface Open extends RecordedPatient {
  readonly grid: Page
  /** ticks that are filling, once a source sent a set in parts */
  open: Float64Array | undefined
  readonly sensors: Page
  readonly limits: Page
  encounter: string | undefined
  /** discharged, and not admitted since */
  away: boolean
  aside: Reading[]
}

function wardIntake(recipe: WardRecipe, table: ChannelTable, folder: string) {
  const { cadenceSeconds, latenessSeconds } = recipe.grid
  const { agreeing, aheadSeconds } = Settings.parse({}).stream
  const width = table.channels.length
  const grid = gridPlan(table.channels, cadenceSeconds, latenessSeconds)
  const sensors = sensorPlan(table, cadenceSeconds)
  const limits = limitPlan(ADULT_LIMITS, table)
  const from = Int32Array.from(recipe.channels, (name) => table.index.get(name)!)
  const patients = new Map<string, Open>()
  const leftOut: LeftOut = { rejected: 0, late: 0, setAside: 0, discharged: 0 }
  const columns = frameColumns(grid.openTicks + 1, width)
  const conditions: Condition[] = []
  let readings = 0

  function opened(key: string): Open {
    const name = createHash('sha256').update(key).digest('hex').slice(0, 12)
    const patient: Open = {
      name,
      frames: new FrameFile(join(folder, name), from.length),
      alarms: [],
      breaks: [],
      grid: new Page(grid.stateSize),
      open: undefined,
      sensors: new Page(sensors.stateSize),
      limits: new Page(limits.stateSize),
      encounter: undefined,
      away: false,
      aside: [],
    }
    begin(patient)
    patients.set(key, patient)
    return patient
  }

  /** Another stay: nothing of the last one is known of it. */
  function begin(patient: Open): void {
    resetGrid(grid, patient.grid, 0)
    patient.open = undefined
    resetSensors(sensors, patient.sensors, 0)
    resetLimits(limits, patient.limits, 0)
    leftOut.setAside += patient.aside.length
    patient.aside = []
    if (patient.frames.count > (patient.breaks.at(-1) ?? 0)) patient.breaks.push(patient.frames.count)
  }

  function put(patient: Open, reading: Reading): void {
    advanceClock(patient.grid, 0, reading.time, agreeing)
    if (!reading.complete && patient.open === undefined) {
      patient.open = new Float64Array(grid.openSize)
      resetOpen(grid, patient.open, 0)
    }
    columns.count = 0
    const kept = takeReading(grid, patient.grid, 0, patient.open, 0, reading, (tick) => {
      columns.ticks[columns.count] = tick
      return { columns, row: columns.count++ }
    })
    if (!kept) leftOut.late++
    for (let row = 0; row < columns.count; row++) frame(patient, row)
  }

  function frame(patient: Open, row: number): void {
    const tick = columns.ticks[row]!
    conditions.length = 0
    checkLimits(limits, patient.limits, 0, columns, row, tick * grid.cadenceMs, conditions)
    for (const { onset } of conditions) alarmed(patient.alarms, Math.floor(onset / grid.cadenceMs), tick)
    if (siftFrame(sensors, patient.sensors, 0, columns, row)) trusted(sensors, patient.sensors, 0, columns, row)
    patient.frames.take(columns, row, width, from)
  }

  function read(reading: Reading): void {
    readings++
    const patient = patients.get(reading.patientKey) ?? opened(reading.patientKey)
    const { encounter = patient.encounter } = reading
    if (patient.encounter !== undefined && encounter !== patient.encounter) {
      begin(patient)
      patient.away = false
    }
    patient.encounter = encounter
    if (patient.away) {
      leftOut.discharged++
      return
    }
    const stamps = agreedStamps(patient.grid, 0)
    const verdict = judge(newestTime(patient.grid, 0), stamps, reading.time, agreeing, aheadSeconds * 1000)
    if (verdict === 'restart') begin(patient)
    if (verdict !== 'set-aside') {
      leftOut.setAside += patient.aside.length
      patient.aside = []
      put(patient, reading)
      return
    }
    const times = patient.aside.map(({ time }) => time)
    if (!agrees(times, reading.time, aheadSeconds * 1000)) {
      leftOut.setAside += patient.aside.length
      patient.aside = []
    }
    patient.aside.push(reading)
    if (witnesses(patient.aside.map(({ time }) => time)) < agreeing) return
    for (const held of patient.aside.splice(0)) put(patient, held)
  }

  return {
    readings: () => readings,
    take(input: Input): void {
      if (input.kind === 'reading') {
        read(input)
        return
      }
      if (input.kind !== 'journal' && input.kind !== 'control') {
        leftOut.rejected++
        return
      }
      const what = input.kind === 'journal' ? input.entry : input.action
      const patient = patients.get(input.patientKey)
      if (patient === undefined || (what !== 'discharge' && what !== 'admit')) return
      begin(patient)
      patient.encounter = undefined
      patient.away = what === 'discharge'
    },
    end(): Recorded {
      for (const patient of patients.values()) {
        leftOut.setAside += patient.aside.length
        patient.frames.flush()
      }
      const found = [...patients.values()].filter(({ frames }) => frames.count > 0)
      return { patients: found.sort((a, b) => (a.name < b.name ? -1 : 1)), leftOut, readings }
    },
  }
}

/** Alarms that touch are one. */
function alarmed(alarms: [from: number, to: number][], onset: number, tick: number): void {
  const last = alarms.at(-1)
  if (last === undefined || onset > last[1] + 1) alarms.push([onset, tick])
  else {
    last[0] = Math.min(last[0], onset)
    last[1] = Math.max(last[1], tick)
  }
}
