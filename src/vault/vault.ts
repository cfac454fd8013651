import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs'
import { VigilError } from '../errors.ts'
import type { Settings } from '../vitals/settings.ts'
import { type FileLock, lockFile } from './lock.ts'
import { type Identity, Sealed, seal, unseal, type VaultKey, vaultKey } from './seal.ts'

const DAY_MS = 86_400_000

/** Where a vault is, what opens it, and how long it remembers. */
export interface VaultPlace {
  readonly file: string
  /** the first one seals, all of them open */
  readonly keys: readonly [VaultKey, ...VaultKey[]]
  readonly days: number
  /** wall clock, ms */
  readonly now?: () => number
}

/** @returns undefined where the settings name no vault @throws VigilError config-invalid */
export function vaultPlace({ file, key, keyFile, days }: Settings['vault']): VaultPlace | undefined {
  const wrong = (place: string, why: string, cause?: unknown) => new VigilError('config-invalid', why, { place, cause })
  if (file === undefined) {
    if ((key ?? keyFile) === undefined) return undefined
    throw wrong('vault.file', 'a key of a vault needs vault.file')
  }
  let text = key
  if (keyFile !== undefined) {
    try {
      text = readFileSync(keyFile, 'utf8')
    } catch (cause) {
      throw wrong('vault.keyFile', 'vault.keyFile cannot be read', cause)
    }
  }
  const lines = (text ?? '').split(/\r?\n/).map((it) => it.trim()).filter((it) => it !== '') // biome-ignore format: one line
  const keys = lines.map((it) => Buffer.from(it, /^[0-9a-f]{64}$/i.test(it) ? 'hex' : 'base64'))
  if (keys.length === 0 || keys.some(({ length }) => length !== 32))
    throw wrong('vault.keyFile', 'vault.keyFile (or vault.key) holds keys of 32 bytes, in hexadecimal or Base64, one a line: openssl rand -hex 32') // biome-ignore format: one sentence
  const [first, ...rest] = keys.map(vaultKey)
  return { file, keys: [first!, ...rest], days }
}

const dayOf = (at: number) => Math.floor(at / DAY_MS) * DAY_MS

/** The newest line of each pseudonym, of a file that may not be there yet. Lines that are none are left out, as one that was cut is. */
function linesOf(file: string): Map<string, Sealed> {
  const lines = new Map<string, Sealed>()
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return lines
    throw unusable(file, cause)
  }
  for (const line of text.split('\n')) {
    if (line === '') continue
    try {
      const sealed = Sealed.parse(JSON.parse(line))
      lines.set(sealed.pseudonym, sealed)
    } catch {}
  }
  return lines
}

const unusable = (file: string, cause: unknown) =>
  new VigilError('vault-unusable', `the vault cannot be read or written (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`, { place: file, cause }) // biome-ignore format: one sentence

const lineOf = (sealed: Sealed) => `${JSON.stringify(sealed)}\n`

/** The side that puts identities in: the gateway, and nobody else. One process a file. */
export interface VaultWriter {
  /** Somebody was met. Kept before it returns, once a day. @throws VigilError vault-unusable, vault-held */
  keep(pseudonym: string, identity: Identity): void
  close(): void
}

/**
 * Open a vault to put identities in: what is older than its days is gone from the file, and what an older key had sealed is
 * sealed by the first one, at once and again each day.
 * @throws VigilError vault-held while another process writes it; vault-unusable
 */
export function openVaultWriter({ file, keys, days, now = Date.now }: VaultPlace): VaultWriter {
  /** pseudonym -> day on which it was last written */
  const written = new Map<string, number>()
  let day = Number.NaN
  let descriptor: number | undefined

  let lock: FileLock | undefined

  function tidy(): void {
    lock ??= lockFile(file)
    lock.check()
    const kept = [...linesOf(file).values()].filter(({ at }) => at > now() - days * DAY_MS - DAY_MS)
    const lines = kept.map((it) => {
      const identity = it.key === keys[0].id ? undefined : unseal(it, keys)
      return identity === undefined ? it : seal(it.pseudonym, identity, it.at, keys[0])
    })
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = undefined
    const next = `${file}.next`
    const made = openSync(next, 'w', 0o600)
    writeSync(made, lines.map(lineOf).join(''))
    fsyncSync(made)
    closeSync(made)
    renameSync(next, file)
    descriptor = openSync(file, 'a', 0o600)
    written.clear()
    for (const { pseudonym, at } of lines) written.set(pseudonym, at)
    day = dayOf(now())
  }

  function attempt(work: () => void): void {
    try {
      work()
    } catch (cause) {
      // what was written in part is mended by the next that is kept
      day = Number.NaN
      throw cause instanceof VigilError ? cause : unusable(file, cause)
    }
  }

  attempt(tidy)
  return {
    keep(pseudonym, identity) {
      const today = dayOf(now())
      if (today === day && written.get(pseudonym) === today) return
      attempt(() => {
        if (today !== day || descriptor === undefined) tidy()
        else lock!.check()
        writeSync(descriptor!, lineOf(seal(pseudonym, identity, today, keys[0])))
        fsyncSync(descriptor!)
        written.set(pseudonym, today)
      })
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
      lock?.release()
    },
  }
}

/** The side that takes identities out, for one receiver. */
export type IdentityOf = (pseudonym: string) => Identity | undefined

/**
 * Open a vault to read. What is older than its days is not told, whether or not the file still holds it.
 * @param failed told where the file cannot be read: nobody is known then
 */
export function openVaultReader(
  { file, keys, days, now = Date.now }: VaultPlace,
  failed: (error: VigilError) => void = () => {},
): IdentityOf {
  let lines = new Map<string, Sealed>()
  let seen = ''
  return (pseudonym) => {
    const { ino, size, mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { ino: 0, size: 0, mtimeMs: 0 }
    const newest = `${ino}/${size}/${mtimeMs}`
    if (newest !== seen) {
      try {
        lines = linesOf(file)
        seen = newest
      } catch (error) {
        failed(error as VigilError)
        return undefined
      }
    }
    const line = lines.get(pseudonym)
    if (line === undefined || line.at <= now() - days * DAY_MS - DAY_MS) return undefined
    return unseal(line, keys)
  }
}
