import { readFileSync } from 'node:fs'
import { VigilError } from '../errors.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import type { Settings } from '../vitals/settings.ts'
import { codeBook } from './observation.ts'
import { type Pseudonyms, pseudonyms } from './pseudonym.ts'
import type { ReadOptions } from './read.ts'
import { openZone } from './time.ts'

/** Hears which record number a pseudonym was made of. */
export type Met = (pseudonym: string, identity: { readonly number: string; readonly authority: string }) => void

function telling(made: Pseudonyms, met: Met | undefined): Pseudonyms {
  if (met === undefined) return made
  return {
    ...made,
    patient(authority, number) {
      const pseudonym = made.patient(authority, number)
      met(pseudonym, { number, authority })
      return pseudonym
    },
  }
}

/**
 * How the messages of this site are read, live or from a capture: the same secret makes the same patients.
 * @throws VigilError config-invalid (zone, secret)
 */
export function siteReading(settings: Settings['hl7'], table: ChannelTable, met?: Met): ReadOptions {
  return {
    identity: { pseudonyms: telling(pseudonyms(secretOf(settings)), met), authority: settings.authority },
    book: codeBook(table),
    zone: zoneOf(settings.timeZone),
  }
}

function secretOf({ secret, secretFile }: Settings['hl7']): string {
  const told = secretFile === undefined ? secret : readSetting(secretFile, 'hl7.secretFile').split(/\r?\n/, 1)[0]!
  if (told === undefined || told.length < 16)
    throw new VigilError('config-invalid', 'hl7.secretFile (or hl7.secret) of at least 16 characters is needed: pseudonyms are made with it', { place: 'hl7.secretFile' }) // biome-ignore format: one sentence
  return told
}

function zoneOf(zone: string) {
  try {
    return openZone(zone)
  } catch (cause) {
    throw new VigilError('config-invalid', 'hl7.timeZone is no IANA time zone', { place: 'hl7.timeZone', cause })
  }
}

/** The text of a file that a setting names. @throws VigilError config-invalid */
export function readSetting(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new VigilError('config-invalid', `${setting} cannot be read`, { place: setting, cause })
  }
}
