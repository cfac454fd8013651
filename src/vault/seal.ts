import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'

/** Who a pseudonym is: the record number, and who assigned it ('' where nobody says). */
export const Identity = z.strictObject({ number: z.string().min(1), authority: z.string() })
export type Identity = z.infer<typeof Identity>

/** One line of a vault. Everything but the pseudonym and the day is sealed; both are bound to what is. */
export const Sealed = z.strictObject({
  pseudonym: z.string().min(1),
  /** wall clock, ms since 1970: when the identity was last met, to the day */
  at: z.int(),
  /** which key sealed it: the first 8 hexadecimal digits of its SHA-256 */
  key: z.string().regex(/^[0-9a-f]{8}$/),
  /** 96 bits, and the cipher text with its tag of 128 bits, in Base64 */
  nonce: z.string(),
  sealed: z.string(),
})
export type Sealed = z.infer<typeof Sealed>

/** A key of AES-256, 32 bytes, and what a line calls it. */
export interface VaultKey {
  readonly id: string
  readonly bytes: Buffer
}

const TAG = 16

export const vaultKey = (bytes: Buffer): VaultKey => ({
  id: createHash('sha256').update(bytes).digest('hex').slice(0, 8),
  bytes,
})

const bound = (pseudonym: string, at: number, key: string) => Buffer.from(JSON.stringify(['vigil-vault/1', pseudonym, at, key])) // biome-ignore format: one line

/** AES-256-GCM under a random nonce. */
export function seal(pseudonym: string, identity: Identity, at: number, key: VaultKey): Sealed {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: TAG })
  cipher.setAAD(bound(pseudonym, at, key.id))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(identity), 'utf8'), cipher.final(), cipher.getAuthTag()])
  return { pseudonym, at, key: key.id, nonce: nonce.toString('base64'), sealed: sealed.toString('base64') }
}

/** The identity in a line; undefined where no key at hand opens it, or anything of it was changed. */
export function unseal(
  { pseudonym, at, key: id, nonce, sealed }: Sealed,
  keys: readonly VaultKey[],
): Identity | undefined {
  const key = keys.find((it) => it.id === id)
  const bytes = Buffer.from(sealed, 'base64')
  if (key === undefined || bytes.length <= TAG) return undefined
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.bytes, Buffer.from(nonce, 'base64'), { authTagLength: TAG })
    decipher.setAAD(bound(pseudonym, at, id))
    decipher.setAuthTag(bytes.subarray(-TAG))
    const text = Buffer.concat([decipher.update(bytes.subarray(0, -TAG)), decipher.final()]).toString()
    return Identity.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
