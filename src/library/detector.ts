import { openWard } from '../app.ts'
import { SILENT } from '../evaluation/watched.ts'
import { decodeMessage } from '../ingest/decode-reading.ts'
import { createLog } from '../log.ts'
import type { Input } from '../stream/ports.ts'
import type { AlertBody } from '../vitals/alert.ts'
import type { JournalEntry } from '../vitals/journal.ts'
import type { Mode, WireReading } from '../vitals/reading.ts'
import type { Rejection } from '../vitals/rejection.ts'
import type { FrameReport } from '../vitals/report.ts'
import type { Watching } from '../vitals/watching.ts'
import { type LibrarySettings, settingsOf } from './settings.ts'

export interface DetectorOptions extends LibrarySettings {
  /** what a message without a mode is; `replay` unless told otherwise */
  readonly mode?: Mode
}

/** What one step made of its messages, in order. */
export interface Stepped {
  readonly alerts: readonly AlertBody[]
  /** of every tick that closed */
  readonly frames: readonly FrameReport[]
  /** what could not be taken, and why; never with a patient's identity */
  readonly rejections: readonly Rejection[]
}

/** A ward in this process: the patients, their hidden states, the models and the policy that watch them. */
export interface Detector {
  /** the models that serve, NAME@VERSION */
  readonly models: readonly string[]
  /** beds by whether anybody watches them */
  readonly watching: Readonly<Record<Watching, number>>
  /**
   * Take messages of the contract `reading.schema.json`, or journal entries, in the order in which they arrived. Calls wait
   * for one another; bad data is a rejection and never an error.
   * @throws VigilError engine-failed
   */
  step(messages: WireReading | JournalEntry | readonly (WireReading | JournalEntry)[]): Promise<Stepped>
  /** Ends the engines' threads. */
  close(): Promise<void>
}

const SOURCE = { source: 'library', partition: 0 }

/**
 * Open a detector: the same sessions, scoring, policy and lifecycle that `vigil serve` runs.
 * @throws VigilError config-invalid, or when a model cannot be opened
 */
export async function createDetector(options: DetectorOptions = {}): Promise<Detector> {
  const settings = settingsOf(options)
  const frames: FrameReport[] = []
  const served = await openWard({
    settings,
    telemetry: SILENT,
    log: createLog(settings.log.level),
    tap: () => ({
      wants: () => true,
      // the ward writes over its arrays
      frames: (reports) => void frames.push(...reports.map((it) => structuredClone(it))),
      watchingChanged() {},
      left() {},
    }),
  })
  const { ward, table } = served
  let offset = 0
  let busy: Promise<unknown> = Promise.resolve()

  async function take(messages: readonly unknown[]): Promise<Stepped> {
    const inputs: Input[] = messages.flatMap((message) => {
      const { reading, entry, rejections } = decodeMessage(message, table, options.mode ?? 'replay')
      return [...(reading === undefined ? [] : [reading]), ...(entry === undefined ? [] : [entry]), ...rejections]
    })
    const batch = { ...SOURCE, inputs, offsets: [], done() {} }
    for (const input of inputs) {
      while (!ward.accept(input, batch, offset, Date.now())) await ward.drain()
      offset++
    }
    await ward.drain()
    const outputs = ward.takeOutputs()
    return {
      alerts: outputs.flatMap((it) => (it.kind === 'alert' ? [it.envelope.body] : [])),
      frames: frames.splice(0),
      rejections: outputs.flatMap((it) => (it.kind === 'dead-letter' ? [it.rejection] : [])),
    }
  }

  return {
    models: served.models.map(({ name, version }) => `${name}@${version}`),
    get watching() {
      return { ...ward.watching }
    },
    step(messages) {
      const stepped = busy.then(() => take(Array.isArray(messages) ? messages : [messages]))
      busy = stepped.catch(() => undefined)
      return stepped
    },
    async close() {
      await busy
      await served.close()
    },
  }
}
