import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { jarFolder, KAFKA_VERSION, kafkaJars } from '../../src/broker/jars.ts'
import { cacheFolder } from '../../src/cache-folder.ts'

let folder: string
let cache: string
const path = process.env['PATH']
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-jars-'))
  cache = join(folder, 'cache')
})
afterEach(() => {
  process.env['PATH'] = path
  rmSync(folder, { recursive: true })
})

/** A program of Maven's name, first on the path, that notes each run and does what is said. */
function maven(script: string): void {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  const head = `#!/bin/sh\necho run >> "${folder}/runs"\nfor word; do case $word in -DoutputDirectory=*) out=\${word#*=};; esac; done\n`
  writeFileSync(join(bin, 'mvn'), head + script)
  chmodSync(join(bin, 'mvn'), 0o755)
  process.env['PATH'] = `${bin}${delimiter}${path}`
}
const runs = (): number =>
  existsSync(join(folder, 'runs')) ? readFileSync(join(folder, 'runs'), 'utf8').length / 4 : 0
const JAR = `kafka_2.13-${KAFKA_VERSION}.jar`
const quiet = (): void => undefined

describe('the cache of jars', () => {
  test('is where VIGIL_CACHE says, else in the user’s cache folder', () => {
    expect(cacheFolder({ VIGIL_CACHE: '/c', XDG_CACHE_HOME: '/x' })).toBe('/c')
    expect(cacheFolder({ XDG_CACHE_HOME: '/x' })).toBe(join('/x', 'vigil'))
    expect(cacheFolder({}, '/h')).toBe(join('/h', '.cache', 'vigil'))
  })

  test('several at once download once, and later nobody does', async () => {
    maven(`sleep 0.3; touch "$out/${JAR}"`)
    const found = await Promise.all([1, 2, 3].map(() => kafkaJars(cache, quiet)))
    expect(new Set(found)).toEqual(new Set([jarFolder(cache)]))
    await kafkaJars(cache, quiet)
    expect(runs()).toBe(1)
    expect(readdirSync(cache)).toEqual([basename(jarFolder(cache))])
  })

  test('a download that fails or is incomplete leaves nothing, and says why', async () => {
    maven('touch "$out/half.jar"; echo "[ERROR] no route to the repository"; exit 1')
    await expect(kafkaJars(cache, quiet)).rejects.toMatchObject({
      code: 'broker-unavailable',
      message: expect.stringContaining('no route to the repository'),
    })
    maven('true')
    await expect(kafkaJars(cache, quiet)).rejects.toThrow('Maven copied no broker')
    expect(readdirSync(cache)).toEqual([])
  })

  test('what a killed download left is neither used nor kept', async () => {
    const part = `${jarFolder(cache)}.part-old`
    mkdirSync(part, { recursive: true })
    writeFileSync(join(part, JAR), '')
    utimesSync(part, 1, 1)
    writeFileSync(`${jarFolder(cache)}.lock`, '999999999') // nobody's: process ids end far below
    maven(`touch "$out/${JAR}"`)
    await kafkaJars(cache, quiet)
    expect(runs()).toBe(1)
    expect(readdirSync(cache)).toEqual([basename(jarFolder(cache))])
  })

  test('a missing Maven is named', async () => {
    process.env['PATH'] = join(folder, 'nothing')
    await expect(kafkaJars(cache, quiet)).rejects.toThrow('mvn is not installed')
  })
})
