import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { seal, unseal, vaultKey } from '../../src/vault/seal.ts'
import { openVaultReader, openVaultWriter, vaultPlace } from '../../src/vault/vault.ts'
import { Settings } from '../../src/vitals/settings.ts'

const DAY = 86_400_000
const T0 = Date.UTC(2026, 0, 5, 12)
const dir = mkdtempSync(join(tmpdir(), 'vigil-vault-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
let named = 0
const fresh = () => join(dir, `vault-${named++}`)
const key = () => vaultKey(randomBytes(32))
const MARIA = { number: 'CANARY-1', authority: 'Hospital' }

describe('a sealed identity', () => {
  const one = key()
  test('is told again by its key, whatever stands in it, and by no other', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.string(),
        fc.string({ minLength: 1 }),
        (number, authority, pseudonym) => {
          const sealed = seal(pseudonym, { number, authority }, T0, one)
          expect(unseal(sealed, [key(), one])).toEqual({ number, authority })
          expect(unseal(sealed, [key()])).toBeUndefined()
        },
      ),
    )
  })

  test('is bound to its pseudonym, its day and its key; a changed bit of it is no identity', () => {
    const sealed = seal('p', MARIA, T0, one)
    for (const changed of [{ pseudonym: 'q' }, { at: T0 + DAY }, { key: '00000000' }, { sealed: '' }, { nonce: '' }])
      expect(unseal({ ...sealed, ...changed }, [one])).toBeUndefined()
    fc.assert(
      fc.property(fc.nat(Buffer.from(sealed.sealed, 'base64').length - 1), fc.nat(7), (at, bit) => {
        const bytes = Buffer.from(sealed.sealed, 'base64')
        bytes[at]! ^= 1 << bit
        expect(unseal({ ...sealed, sealed: bytes.toString('base64') }, [one])).toBeUndefined()
      }),
    )
  })

  test('is sealed under a new nonce each time', () => {
    const nonces = Array.from({ length: 100 }, () => seal('p', MARIA, T0, one).nonce)
    expect(new Set(nonces).size).toBe(100)
  })
})

describe('a vault', () => {
  test('tells whom it was given, while it is being written; the file names nobody and is its owner alone', () => {
    const place = { file: fresh(), keys: [key()] as const, days: 7, now: () => T0 }
    const identityOf = openVaultReader(place)
    expect(identityOf('p-1')).toBeUndefined()
    const writer = openVaultWriter(place)
    writer.keep('p-1', MARIA)
    for (let i = 0; i < 100; i++) writer.keep('p-1', MARIA)
    expect(identityOf('p-1')).toEqual(MARIA)
    writer.keep('p-2', { number: 'CANARY-2', authority: '' })
    expect(identityOf('p-2')).toEqual({ number: 'CANARY-2', authority: '' })
    writer.close()
    const text = readFileSync(place.file, 'utf8')
    expect(text.trim().split('\n')).toHaveLength(2)
    expect(text).not.toMatch(/CANARY|Hospital/)
    expect(statSync(place.file).mode & 0o777).toBe(0o600)
  })

  test('forgets whom it did not meet for its days: it is not told, and is gone from the file', () => {
    let now = T0
    const place = { file: fresh(), keys: [key()] as const, days: 2, now: () => now }
    const identityOf = openVaultReader(place)
    const writer = openVaultWriter(place)
    writer.keep('gone', MARIA)
    writer.keep('stays', MARIA)
    for (now = T0 + DAY; now <= T0 + 3 * DAY; now += DAY) writer.keep('stays', MARIA)
    now = T0 + 3 * DAY
    expect([identityOf('gone'), identityOf('stays')]).toEqual([undefined, MARIA])
    expect(readFileSync(place.file, 'utf8')).not.toContain('"gone"')
    writer.close()
  })

  test('changes its key: what the old one sealed is sealed by the new one, and the old one opens nothing', () => {
    const [old, next] = [key(), key()]
    const file = fresh()
    const before = openVaultWriter({ file, keys: [old], days: 7 })
    before.keep('p', MARIA)
    before.close()
    openVaultWriter({ file, keys: [next, old], days: 7 }).close()
    expect(openVaultReader({ file, keys: [next], days: 7 })('p')).toEqual(MARIA)
    expect(openVaultReader({ file, keys: [old], days: 7 })('p')).toBeUndefined()
  })

  test('goes on after a line that was cut, or is none', () => {
    const place = { file: fresh(), keys: [key()] as const, days: 7 }
    const writer = openVaultWriter(place)
    writer.keep('p', MARIA)
    writer.close()
    appendFileSync(place.file, 'no line\n{"pseudonym":"q","at":1')
    expect(openVaultReader(place)('p')).toEqual(MARIA)
    const again = openVaultWriter(place)
    again.keep('r', MARIA)
    again.close()
    expect(openVaultReader(place)('r')).toEqual(MARIA)
  })

  test('is written by one process: another says who it is, until that one closes it or is gone', async () => {
    const place = { file: fresh(), keys: [key()] as const, days: 7 }
    const lock = `${place.file}.lock`
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    const holder = { id: 'x', host: hostname(), pid: other.pid, since: '2026-01-05T12:00:00.000Z' }
    writeFileSync(lock, JSON.stringify(holder))
    const refused = { code: 'vault-held', message: expect.stringContaining(`process ${other.pid} of ${hostname()}`) }
    expect(() => openVaultWriter(place)).toThrow(expect.objectContaining(refused))
    other.kill('SIGKILL')
    await once(other, 'exit')
    const writer = openVaultWriter(place)
    writer.keep('p', MARIA)
    // one that slept for long finds that it was taken for gone
    writeFileSync(lock, JSON.stringify({ ...holder, host: 'elsewhere' }))
    expect(() => writer.keep('q', MARIA)).toThrow(expect.objectContaining({ code: 'vault-held' }))
    writer.close()
    expect(readFileSync(lock, 'utf8')).toContain('elsewhere')
    expect(() => openVaultWriter(place)).toThrow(expect.objectContaining({ code: 'vault-held' }))
    // no sign of life for long: on another machine that is all that can be known
    const old = new Date(Date.now() - 60_000)
    utimesSync(lock, old, old)
    openVaultWriter(place).close()
    expect(existsSync(lock)).toBe(false)
  })

  test('whose lock was cut is taken over', () => {
    const place = { file: fresh(), keys: [key()] as const, days: 7 }
    writeFileSync(`${place.file}.lock`, '{"id":')
    openVaultWriter(place).close()
  })

  test('that cannot be read knows nobody, and says so', () => {
    const failures: string[] = []
    const identityOf = openVaultReader({ file: dir, keys: [key()], days: 7 }, ({ code }) => failures.push(code))
    expect([identityOf('p'), failures]).toEqual([undefined, ['vault-unusable']])
  })

  test('that cannot be written is said', () => {
    expect(() => openVaultWriter({ file: join(dir, 'no', 'folder'), keys: [key()], days: 7 })).toThrow(
      expect.objectContaining({ code: 'vault-unusable' }),
    )
  })
})

describe('settings', () => {
  const of = (vault: object) => vaultPlace(Settings.parse({ vault }).vault)
  const hex = 'ab'.repeat(32)
  test('name a vault, or none', () => {
    expect(of({})).toBeUndefined()
    const keyFile = join(dir, 'keys')
    writeFileSync(keyFile, `${hex}\n${Buffer.alloc(32, 7).toString('base64')}\n`)
    expect(of({ file: 'v', keyFile })).toMatchObject({ file: 'v', days: 7, keys: [{ bytes: Buffer.from(hex, 'hex') }, { bytes: Buffer.alloc(32, 7) }] }) // biome-ignore format: one object
  })
  test.each([
    [{ key: hex }, 'vault.file'],
    [{ file: 'v' }, 'vault.keyFile'],
    [{ file: 'v', key: 'short' }, 'vault.keyFile'],
    [{ file: 'v', keyFile: '/nowhere' }, 'vault.keyFile'],
  ])('%j: refused', (vault, place) => {
    expect(() => of(vault)).toThrow(expect.objectContaining({ code: 'config-invalid', place }))
  })
})
