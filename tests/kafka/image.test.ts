import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePorts } from '../../src/broker/free-ports.ts'
import { PLAIN, ROOT } from '../integration/vigil.ts'
import { environment, healthCommand, stages, startCommand } from '../project/image.ts'
import { brokers, wardSettings } from './broker.ts'

/** What an image has: the built program, the models, and the packages of production alone. */
const folder = mkdtempSync(join(tmpdir(), 'vigil-image-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeAll(() => {
  for (const path of ['package.json', 'bin', 'dist', 'models', 'docs/contracts'])
    cpSync(join(ROOT, path), join(folder, path), { recursive: true })
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>
  }
  const kept = Object.entries(packages).filter(
    ([path, { dev }]) => dev !== true && /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && existsSync(join(ROOT, path)),
  )
  for (const [path] of kept) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    symlinkSync(join(ROOT, path), join(folder, path))
  }
})

const image = stages().at(-1)!

/** A command of the image in its folder, with its environment. */
function run([program, ...args]: readonly string[], env: Readonly<Record<string, string>>) {
  const command = program === 'node' ? process.execPath : program!
  const child = spawn(command, args, { cwd: folder, env: { ...PLAIN, ...environment(image), ...env } })
  let told = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      told += text
    })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { child, ended, told: () => told }
}

test('the image starts by its own command, is healthy by its own check, and ends when it is told to', async () => {
  const { topicPrefix, group } = wardSettings()
  const [port] = await freePorts(1)
  // the one thing that is otherwise: the network of this machine alone, at a port that is free
  const env = {
    VIGIL_HTTP_HOST: '127.0.0.1',
    VIGIL_HTTP_PORT: String(port),
    VIGIL_KAFKA_BROKERS: JSON.stringify(brokers),
    VIGIL_KAFKA_TOPIC_PREFIX: topicPrefix,
    VIGIL_KAFKA_GROUP: group,
    VIGIL_KAFKA_PARTITIONS: '1',
  }
  const { child, ended, told } = run(startCommand(image), env)
  try {
    const health = healthCommand(image).map((it) => it.replace(':8080/', `:${port}/`))
    await expect.poll(() => told(), { timeout: 60_000 }).toContain('Watching.')
    expect(await run(health, env).ended, told()).toBe(0)
    child.kill('SIGTERM')
    expect(await ended, told()).toBe(0)
    expect(await run(health, env).ended).toBe(1)
  } finally {
    child.kill('SIGKILL')
  }
}, 120_000)
