import { z } from 'zod'
import { VigilError } from '../errors.ts'
import { type Layout, layout } from '../stream/state-record.ts'
import { Succession } from '../vitals/succession.ts'
import type { LogRecord, NewRecord } from './port.ts'

/** Keys of records that are no patient's begin with a byte that no UTF-8 text has. */
const OWN = 0xff
const CHECKPOINT = 'checkpoint'
const LAYOUT = 'layout/'
const MODELS = 'models'
const POLICY = 'policy'

const offset = z.number().nonnegative()

/** How far a partition was worked when its newest transaction was committed. */
export const Checkpoint = z.strictObject({
  snapshotOffset: offset.describe("below it every patient's saved state is complete"),
  next: z.record(z.string(), offset).describe('topic -> next offset to work'),
})
export type Checkpoint = z.infer<typeof Checkpoint>

const StoredLayout = z.strictObject({
  fields: z.array(z.string()),
  states: z.array(z.strictObject({ model: z.string(), floats: z.int().nonnegative() })),
})

/** detector -> where the partition stands in the succession of its model */
const Successions = z.record(z.string(), Succession)

/** id of the policy that the partition's first patients were under, of whom nobody ever said another */
const PolicyOrigin = z.strictObject({ origin: z.string().min(1) })

const ownKey = (name: string): Buffer => Buffer.concat([Buffer.of(OWN), Buffer.from(name)])

/** @param topic the changelog */
export function checkpointRecord(topic: string, partition: number, checkpoint: Checkpoint): NewRecord {
  return { topic, partition, key: ownKey(CHECKPOINT), value: JSON.stringify(checkpoint) }
}

export function layoutRecord(topic: string, partition: number, { id, fields, states }: Layout): NewRecord {
  return { topic, partition, key: ownKey(LAYOUT + id), value: JSON.stringify({ fields, states }) }
}

export function successionsRecord(
  topic: string,
  partition: number,
  successions: ReadonlyMap<string, Succession>,
): NewRecord {
  return { topic, partition, key: ownKey(MODELS), value: JSON.stringify(Object.fromEntries(successions)) }
}

export function policyRecord(topic: string, partition: number, origin: string): NewRecord {
  return { topic, partition, key: ownKey(POLICY), value: JSON.stringify({ origin }) }
}

/** A patient's state; null where the patient is gone. */
export function stateRecord(topic: string, partition: number, patientKey: string, state: Buffer | null): NewRecord {
  return { topic, partition, key: patientKey, value: state }
}

/** What a changelog says, read from its beginning to its end: of every key the newest record counts. */
export class Changelog {
  readonly states = new Map<string, Buffer>()
  readonly layouts = new Map<string, Layout>()
  checkpoint: Checkpoint | undefined
  /** detector -> succession of its model; empty where no build wrote one */
  successions: ReadonlyMap<string, Succession> = new Map()
  /** id of the policy that the partition began with; undefined where no build wrote one */
  policyOrigin: string | undefined
  /** bytes of keys and values read */
  bytes = 0

  /** @throws VigilError state-unreadable when the checkpoint or a layout is none: nothing can be trusted then */
  take(records: readonly LogRecord[]): void {
    for (const { key, value } of records) {
      if (key === null) continue
      this.bytes += key.length + (value?.length ?? 0)
      if (key[0] === OWN) this.#own(key.toString('utf8', 1), value)
      else if (value === null) this.states.delete(key.toString())
      else this.states.set(key.toString(), value)
    }
  }

  #own(name: string, value: Buffer | null): void {
    if (value === null) return
    if (name === CHECKPOINT) this.checkpoint = parsed(Checkpoint, value, name)
    else if (name === MODELS) this.successions = new Map(Object.entries(parsed(Successions, value, name)))
    else if (name === POLICY) this.policyOrigin = parsed(PolicyOrigin, value, name).origin
    else if (name.startsWith(LAYOUT)) {
      const { fields, states } = parsed(StoredLayout, value, name)
      const known = layout(fields, states)
      this.layouts.set(known.id, known)
    }
  }
}

function parsed<T>(schema: z.ZodType<T>, value: Buffer, name: string): T {
  try {
    return schema.parse(JSON.parse(value.toString()))
  } catch (cause) {
    throw new VigilError('state-unreadable', `the changelog's ${name} record is damaged`, { cause })
  }
}
