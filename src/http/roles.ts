import { z } from 'zod'

/**
 * What somebody may do over HTTP. A subscriber reads the ward and its alerts, a clinician also acts on them, an operator
 * reads metrics and the ward; health is everyone's.
 */
export const ROLES = ['subscriber', 'clinician', 'operator'] as const
export type Role = (typeof ROLES)[number]

export const RIGHTS = ['read', 'act', 'metrics'] as const
export type Right = (typeof RIGHTS)[number]

const MAY: Readonly<Record<Role, readonly Right[]>> = {
  subscriber: ['read'],
  clinician: ['read', 'act'],
  operator: ['read', 'metrics'],
}

/** Somebody who was recognised. */
export interface Principal {
  /** of the token, not of a person: it goes into the journal as who did something */
  readonly name: string
  readonly may: readonly Right[]
}

/** One token of the file: only its hash is written down. */
const TokenEntry = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, 'a name is 1 to 32 letters, digits, ".", "_" or "-"'),
  role: z.enum(ROLES),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'the SHA-256 of the token in hexadecimal, as `vigil token` prints it'),
  expires: z.iso.datetime({ offset: true }).optional(),
})

/** The file of `http.tokensFile`. */
export const TokenFile = z
  .strictObject({ tokens: z.array(TokenEntry).min(1) })
  .refine(({ tokens }) => new Set(tokens.map(({ name }) => name)).size === tokens.length, 'two tokens have one name')
  .refine(
    ({ tokens }) => new Set(tokens.map(({ sha256 }) => sha256)).size === tokens.length,
    'one token is there twice',
  )
export type TokenFile = z.infer<typeof TokenFile>

export function principal({ name, role }: { readonly name: string; readonly role: Role }): Principal {
  return { name, may: MAY[role] }
}
