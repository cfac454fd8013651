import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Access } from '../../src/http/access.ts'
import { RIGHTS, ROLES } from '../../src/http/roles.ts'
import { newToken, readTokens } from '../../src/http/tokens.ts'

function file(content: unknown): string {
  const path = join(mkdtempSync(join(tmpdir(), 'vigil-tokens-')), 'tokens.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const made = ROLES.map((role) => newToken(`a-${role}`, role))
const recognise = readTokens(file({ tokens: made.map(({ entry }) => entry) }))
const bearer = (token: string) => ({ authorization: `Bearer ${token}`, session: undefined })
const NOBODY = { authorization: undefined, session: undefined }

test('each role may what the table says, and nothing else', () => {
  const access = new Access({ recognise, local: true })
  const may = made.map(({ token }) => RIGHTS.filter((right) => 'who' in access.decide(right, bearer(token))))
  expect(may).toEqual([['read'], ['read', 'act'], ['read', 'metrics']])
  for (const right of RIGHTS) expect(access.decide(right, NOBODY)).toMatchObject({ status: 401 })
  expect(access.decide('act', bearer(made[0]!.token))).toMatchObject({ status: 403 })
})

test('any other text is nobody', () => {
  const access = new Access({ recognise, local: true })
  fc.assert(
    fc.property(fc.string(), fc.string(), (authorization, session) => {
      expect(access.decide('read', { authorization, session })).toMatchObject({ status: 401 })
      expect(access.decide('read', bearer(authorization))).toMatchObject({ status: 401 })
      expect(access.signIn(authorization)).toBeUndefined()
    }),
  )
  const { token } = made[1]!
  for (const forged of [token.slice(0, -1), `${token}x`, token.toUpperCase(), made[1]!.entry.sha256])
    expect(access.decide('read', bearer(forged))).toMatchObject({ status: 401 })
})

test('without tokens a listener of this machine lets everybody do everything, another lets them read', () => {
  const local = new Access({ recognise: undefined, local: true })
  for (const right of RIGHTS) expect(local.decide(right, NOBODY)).toMatchObject({ who: { name: 'local' } })
  const reachable = new Access({ recognise: undefined, local: false })
  expect(reachable.decide('read', NOBODY)).toHaveProperty('who')
  expect(reachable.decide('act', NOBODY)).toMatchObject({
    status: 403,
    reason: expect.stringContaining('http.tokensFile'),
  })
})

test('a page is signed in for a shift, until it signs out or its token expires', () => {
  let now = Date.UTC(2026, 0, 1)
  const { token, entry } = newToken('ward-7', 'clinician')
  const expiring = readTokens(file({ tokens: [{ ...entry, expires: '2026-01-01T06:00:00Z' }] }))
  const access = new Access({ recognise: expiring, local: true, now: () => now })
  const { id, seconds } = access.signIn(token)!
  expect(seconds).toBe(12 * 3600)
  const shown = { authorization: undefined, session: id }
  expect(access.decide('act', shown)).toMatchObject({ who: { name: 'ward-7' } })
  access.signOut(id)
  expect(access.decide('act', shown)).toMatchObject({ status: 401 })
  const again = access.signIn(token)!
  now += 6 * 3_600_000
  expect(access.decide('read', { authorization: undefined, session: again.id })).toMatchObject({ status: 401 })
  expect(access.decide('read', bearer(token))).toMatchObject({ status: 401 })
})

describe('a file of tokens that does not fit is said, without a value of it', () => {
  const { entry } = made[0]!
  test.each([
    ['no file', undefined],
    ['no YAML', '{{{'],
    ['nothing in it', { tokens: [] }],
    ['a token in the clear', { tokens: [{ name: 'x', role: 'operator', sha256: made[0]!.token }] }],
    ['an unknown role', { tokens: [{ ...entry, role: 'administrator' }] }],
    ['a name twice', { tokens: [entry, { ...made[1]!.entry, name: entry.name }] }],
    ['a token twice', { tokens: [entry, { ...entry, name: 'other' }] }],
    ['an unknown field', { tokens: [{ ...entry, password: 'x' }] }],
  ])('%s', (_, content) => {
    const path = content === undefined ? '/nowhere/tokens.yaml' : file(content)
    let said = ''
    try {
      readTokens(path)
    } catch (error) {
      expect(error).toMatchObject({ code: 'config-invalid', place: path })
      said = String(error)
    }
    expect(said).toContain('http.tokensFile')
    for (const { token, entry: line } of made)
      for (const secret of [token, line.sha256]) expect(said).not.toContain(secret)
  })
})
