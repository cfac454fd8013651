import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockFolder, SILENT_MS } from '../../../src/inference/registry/lock.ts'

const DIST = new URL('../../../dist/inference/registry/lock.js', import.meta.url).href

describe('the lock of a folder', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'vigil-lock-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  /** Another process that takes the lock. */
  async function holder(end: 'waits' | 'dies') {
    const wait = end === 'waits' ? 'setInterval(() => {}, 1000)' : "process.kill(process.pid, 'SIGKILL')"
    const code = `const { lockFolder } = await import(${JSON.stringify(DIST)}); await lockFolder(${JSON.stringify(dir)}, 'a rehearsal'); process.stdout.write('held', () => { ${wait} })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    if (end === 'dies') await once(child, 'close')
    return child
  }

  it('lets one in; the second is told who holds it, what for and since when, and may try again', async () => {
    const child = await holder('waits')
    try {
      await expect(lockFolder(dir, 'another')).rejects.toMatchObject({
        code: 'registry-locked',
        retriable: true,
        place: dir,
        message: expect.stringMatching(
          new RegExp(`^locked for a rehearsal by process ${child.pid} on ${hostname()} since \\d{4}-`),
        ),
      })
    } finally {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
    await (await lockFolder(dir, 'another')).release()
  })

  it('is taken from a process that died, and leaves one file', async () => {
    await holder('dies')
    const lock = await lockFolder(dir, 'another')
    await lock.held()
    await lock.release()
    expect(await readdir(dir)).toEqual(['.lock.2'])
  })

  it('is not taken from another process that got the number of the dead one', async () => {
    await holder('dies')
    const [name] = await readdir(dir)
    const dead = JSON.parse(await readFile(join(dir, name!), 'utf8'))
    // this process lives, but began at another time than the holder
    await writeFile(join(dir, name!), JSON.stringify({ ...dead, pid: process.pid }))
    await (await lockFolder(dir, 'another')).release()
  })

  it('of another machine counts until it was silent for a quarter of an hour', async () => {
    const away = { host: 'elsewhere', pid: 1, born: '1', space: 'there', purpose: 'training', since: '2026-01-01' }
    await writeFile(join(dir, '.lock.7'), JSON.stringify(away))
    await expect(lockFolder(dir, 'another')).rejects.toThrow('locked for training by process 1 on elsewhere')
    const before = new Date(Date.now() - SILENT_MS - 1000)
    await utimes(join(dir, '.lock.7'), before, before)
    const lock = await lockFolder(dir, 'another')
    expect(await readdir(dir)).toEqual(['.lock.8'])
    await lock.release()
  })

  it('once taken away, stops its holder from writing', async () => {
    const lock = await lockFolder(dir, 'one')
    await writeFile(join(dir, '.lock.2'), '{}')
    await expect(lock.held()).rejects.toMatchObject({ code: 'registry-locked' })
  })

  it('of many at once, one gets it at a time', async () => {
    let [inside, most, got] = [0, 0, 0]
    const one = async () => {
      for (let tries = 0; tries < 400; tries++) {
        try {
          const lock = await lockFolder(dir, 'a crowd')
          most = Math.max(most, ++inside)
          await new Promise((resolve) => setTimeout(resolve, 2))
          inside--
          got++
          return await lock.release()
        } catch (error) {
          expect(error).toMatchObject({ code: 'registry-locked' })
          await new Promise((resolve) => setTimeout(resolve, 5 * Math.random()))
        }
      }
    }
    await Promise.all(Array.from({ length: 8 }, one))
    expect({ most, got }).toEqual({ most: 1, got: 8 })
  })
})
