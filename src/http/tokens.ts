import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { VigilError } from '../errors.ts'
import { type Principal, principal, type Role, TokenFile } from './roles.ts'

/** A new token: what its holder keeps, and the line of the tokens file, from which nobody can make it again. */
export function newToken(
  name: string,
  role: Role,
): { readonly token: string; readonly entry: TokenFile['tokens'][number] } {
  const token = `vigil_${randomBytes(32).toString('base64url')}`
  return { token, entry: { name, role, sha256: hash(token) } }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/**
 * Who holds a token. Comparing hashes of 256 random bits gives nothing away by its time.
 * @param now ms since 1970
 */
export type Recognise = (token: string, now: number) => Principal | undefined

/** @throws VigilError config-invalid: the file is missing, or does not fit; the message never shows a value of it */
export function readTokens(file: string): Recognise {
  let content: unknown
  try {
    content = parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new VigilError('config-invalid', 'the tokens cannot be read (http.tokensFile)', { place: file, cause })
  }
  const parsed = TokenFile.safeParse(content)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw new VigilError('config-invalid', `http.tokensFile: ${issue.path.join('.')}: ${issue.message}`, {
      place: file,
    })
  }
  const known = new Map(
    parsed.data.tokens.map((entry) => [
      entry.sha256,
      {
        who: principal(entry),
        until: entry.expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(entry.expires),
      },
    ]),
  )
  return (token, now) => {
    const found = known.get(hash(token))
    return found !== undefined && now < found.until ? found.who : undefined
  }
}
