import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { answers } from '../../src/broker/answers.ts'
import { dockerAnswers } from '../../src/broker/docker-broker.ts'
import { freePorts } from '../../src/broker/free-ports.ts'
import { findJava } from '../../src/broker/jvm.ts'
import { openBroker } from '../../src/broker/open-broker.ts'

const NAMES = ['KAFKA_BROKERS', 'DOCKER_HOST', 'JAVA_HOME', 'VIGIL_CACHE', 'PATH'] as const
const before = NAMES.map((name) => [name, process.env[name]] as const)
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-open-'))
})
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  rmSync(folder, { recursive: true })
})

/** A program of Java's name that says it is of this version. */
function java(version: string): string {
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin', 'java'), `#!/bin/sh\necho 'openjdk version "${version}" 2025-04-15' >&2\n`)
  chmodSync(join(folder, 'bin', 'java'), 0o755)
  return folder
}

describe('where a broker comes from', () => {
  test('when there is none, the error names each way and why it failed, and each was said', async () => {
    delete process.env['KAFKA_BROKERS']
    process.env['DOCKER_HOST'] = `unix://${folder}/docker.sock`
    process.env['JAVA_HOME'] = folder
    const said: string[] = []
    const refusals = [
      'KAFKA_BROKERS: not set',
      `Docker: no Docker engine answers at unix://${folder}/docker.sock: ENOENT`,
      `Java: ${join(folder, 'bin', 'java')} is not installed`,
    ]
    await expect(openBroker({ say: (line) => said.push(line) })).rejects.toMatchObject({
      code: 'broker-unavailable',
      message: `no Kafka broker can be had. ${refusals.join('. ')}`,
    })
    expect(said).toEqual(refusals)
  })

  test('without Maven and without jars Java is no way either', async () => {
    delete process.env['KAFKA_BROKERS']
    process.env['JAVA_HOME'] = java('21.0.2')
    process.env['VIGIL_CACHE'] = join(folder, 'cache')
    process.env['PATH'] = folder
    await expect(openBroker({ own: true, say: () => {} })).rejects.toThrow(
      /Java: Maven could not fetch Kafka: mvn is not/,
    )
  })

  test.each([
    ['17.0.15', true],
    ['25', true],
    ['11.0.2', false],
    ['1.8.0_402', false],
  ])('Java %s is enough: %s', async (version, enough) => {
    const found = findJava({ JAVA_HOME: java(version) })
    if (enough) expect(await found).toBe(join(folder, 'bin', 'java'))
    else await expect(found).rejects.toThrow('17 or newer is needed')
  })
})

describe('who answers', () => {
  test.each<[string, RequestListener, RegExp | undefined]>([
    ['an engine', (_, answer) => void answer.end('OK'), undefined],
    ['an engine that is broken', (_, answer) => void answer.writeHead(500).end(), /status 500/],
  ])('%s at the Docker socket', async (_, answer, refusal) => {
    const server = createServer(answer)
    const socket = join(folder, 'docker.sock')
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    const asked = dockerAnswers({ DOCKER_HOST: `unix://${socket}` })
    if (refusal) await expect(asked).rejects.toThrow(refusal)
    else await asked
    await new Promise((resolve) => server.close(resolve))
  })

  test('an open port that speaks another language is no broker, and neither is a closed one', async () => {
    const server = createTcpServer((socket) => socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    expect(await answers(`127.0.0.1:${(server.address() as { port: number }).port}`, 2000)).toBe(false)
    await new Promise((resolve) => server.close(resolve))
    expect(await answers(`127.0.0.1:${(await freePorts(1))[0]}`, 2000)).toBe(false)
  })

  test('ports found together are all different', async () => {
    const ports = await freePorts(20)
    expect(new Set(ports).size).toBe(20)
  })
})
