import type { z } from 'zod'
import { AcknowledgementMessage, type Control, EncounterMessage } from '../vitals/control.ts'
import { profileOf } from '../vitals/profile.ts'
import { type Rejection, type RejectionReason, reject } from '../vitals/rejection.ts'
import { misfit } from '../vitals/unnamed.ts'
import { implausible, instant } from './event-time.ts'
import { jsonErrorAt } from './json-error.ts'

type Message = Readonly<Record<string, unknown>> & { readonly action: string }

/** One message of the encounters topic: `docs/contracts/encounter.schema.json`. Never throws. */
export function decodeEncounter(text: string): Control | Rejection {
  return decode(EncounterMessage, text)
}

/** One message of the acknowledgements topic: `docs/contracts/acknowledgement.schema.json`. Never throws. */
export function decodeAcknowledgement(text: string): Control | Rejection {
  return decode(AcknowledgementMessage, text)
}

function decode(schema: z.ZodType<Message>, text: string): Control | Rejection {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { ...reject('not-json', 'the text is not JSON from this column on'), column: (jsonErrorAt(text) ?? 0) + 1 }
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success) {
    const { detail, path } = misfit(parsed.error.issues[0], json)
    return reject('bad-control', detail, path)
  }
  const { at, until, ageDays, ...rest } = parsed.data
  const began = timeOf(at, 'at')
  if (typeof began !== 'number') return began
  const ends = until === undefined ? undefined : timeOf(until, 'until')
  if (ends !== undefined && typeof ends !== 'number') return ends
  if (ends !== undefined && ends <= began) return reject('until-past', 'it ends before it begins', 'until')
  const profile = agedProfile(rest['profile'], ageDays)
  if (profile instanceof Object) return profile
  if (rest.action === 'profile' && profile === undefined)
    return reject('bad-control', 'neither "profile" nor "ageDays" is there', 'profile')
  if (rest.action === 'merge' && rest['into'] === rest['patientKey'])
    return reject('bad-control', 'a record cannot be merged into itself', 'into')
  return {
    kind: 'control',
    ...rest,
    at: began,
    ...(ends !== undefined && { until: ends }),
    ...(profile !== undefined && { profile }),
  } as Control
}

function timeOf(value: unknown, field: string): number | Rejection {
  const wrong = (reason: RejectionReason, detail: string) => reject(reason, detail, field)
  const time = typeof value === 'number' ? value : instant(String(value))
  if (!Number.isFinite(time)) return wrong('bad-time', 'neither a number nor an ISO 8601 instant with its offset')
  const why = implausible(time)
  return why === undefined ? time : wrong('implausible-time', why)
}

/** The profile that a message tells by name, by age, or by both where they agree; undefined when by neither. */
function agedProfile(named: unknown, ageDays: unknown): string | undefined | Rejection {
  const aged = typeof ageDays === 'number' ? profileOf(ageDays) : undefined
  if (named !== undefined && aged !== undefined && named !== aged)
    return reject('profile-contradiction', `the profile is ${named}, the age that of ${aged}`, 'profile')
  return aged ?? (named as string | undefined)
}
