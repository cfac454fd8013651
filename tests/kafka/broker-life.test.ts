import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answers } from '../../src/broker/answers.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { openBroker } from '../../src/broker/open-broker.ts'
import { consume, createTopics, kafkaAt, produce } from './topics.ts'

const quiet = { say: () => {} }

describe('a broker of one’s own', () => {
  let broker: Broker
  beforeAll(async () => {
    broker = await openBroker({ own: true, properties: { 'log.retention.hours': 7 }, ...quiet })
    await createTopics(broker.brokers, [{ topic: 'kept' }])
  })
  afterAll(() => broker?.stop())

  test('runs with the properties that were asked for', () => {
    expect(broker).toMatchObject({ how: 'java', properties: { 'log.retention.hours': '7', 'node.id': '1' } })
  })

  test('keeps its data and its port over a polite restart, and over kill -9', async () => {
    const kafka = kafkaAt(broker.brokers, { retry: { initialRetryTime: 50, retries: 8 } })
    await produce(kafka, 'kept', ['before'])
    await broker.restart()
    expect(await answers(broker.brokers[0]!, 5000)).toBe(true)
    await produce(kafka, 'kept', ['between'])
    await broker.kill()
    expect(await answers(broker.brokers[0]!, 1000)).toBe(false)
    await broker.start()
    await produce(kafka, 'kept', ['after'])
    expect(await consume(kafka, 'kept', 3)).toEqual(['before', 'between', 'after'])
  })

  test('says why it did not start', async () => {
    const port = Number(broker.brokers[0]!.split(':')[1])
    await expect(openBroker({ own: true, port, ...quiet })).rejects.toThrow(/did not start: .*Address already in use/)
    await expect(openBroker({ own: true, properties: { 'node.id': 'x' }, ...quiet })).rejects.toMatchObject({
      code: 'broker-failed',
    })
  })
})

test('a broker whose owner is killed ends by itself, and its data go with it', async () => {
  const built = pathToFileURL('dist/broker/open-broker.js').href
  const owner = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { openBroker } = await import('${built}')
       const broker = await openBroker({ own: true, say() {} })
       console.log(JSON.stringify([broker.brokers[0], broker.properties['log.dirs']]))
       setInterval(() => {}, 1000)`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [server, data] = await new Promise<[string, string]>((resolve, reject) => {
    owner.stdout.on('data', (text) => resolve(JSON.parse(String(text))))
    owner.on('exit', () => reject(new Error('the owner ended')))
  })
  expect(await answers(server, 5000)).toBe(true)
  expect(existsSync(data)).toBe(true)
  owner.kill('SIGKILL')
  const gone = async (): Promise<boolean> => !(await answers(server, 1000)) && !existsSync(dirname(data))
  for (let tries = 0; tries < 100 && !(await gone()); tries++) await sleep(100)
  expect(await gone()).toBe(true)
})
