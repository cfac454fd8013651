import { z } from 'zod'
import { AlertBody, AlertEnvelope } from './alert.ts'
import { Channel } from './channels.ts'
import { ClassifierManifest } from './classifier-manifest.ts'
import { AcknowledgementMessage, EncounterMessage } from './control.ts'
import { EpisodeScript, GroundTruth } from './episode.ts'
import { EvidenceHead } from './evidence.ts'
import { GateVerdict } from './gate-verdict.ts'
import { Heartbeat } from './heartbeat.ts'
import { JournalEntry } from './journal.ts'
import { GoldenSteps, ModelManifest } from './manifest.ts'
import { ModelOrder } from './model-order.ts'
import { WireReading } from './reading.ts'
import { ReconstructorManifest } from './reconstructor-manifest.ts'
import { DeadLetter } from './rejection.ts'
import { FrameReport } from './report.ts'
import { Settings } from './settings.ts'

/** Everything that crosses a boundary, by the name of its file in `docs/contracts/`. */
const SCHEMAS = {
  reading: WireReading,
  encounter: EncounterMessage,
  acknowledgement: AcknowledgementMessage,
  frame: FrameReport,
  'dead-letter': DeadLetter,
  channel: Channel,
  'alert-body': AlertBody,
  'alert-envelope': AlertEnvelope,
  'journal-entry': JournalEntry,
  'evidence-head': EvidenceHead,
  'model-order': ModelOrder,
  heartbeat: Heartbeat,
  'model-manifest': ModelManifest,
  'classifier-manifest': ClassifierManifest,
  'reconstructor-manifest': ReconstructorManifest,
  'golden-steps': GoldenSteps,
  'gate-verdict': GateVerdict,
  episodes: EpisodeScript,
  'ground-truth': GroundTruth,
  settings: Settings,
} as const

/** file name -> JSON Schema (draft 2020-12), as published under `docs/contracts/`. */
export function contracts(): Map<string, unknown> {
  return new Map(
    Object.entries(SCHEMAS).map(([name, schema]) => [`${name}.schema.json`, z.toJSONSchema(schema, { io: 'input' })]),
  )
}
