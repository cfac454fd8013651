import { expect, test } from 'vitest'
import { freePorts } from '../../src/broker/free-ports.ts'
import { walk } from '../integration/walk.ts'
import { brokers, wardSettings } from './broker.ts'

test('docs/runbooks/first-hour.md works as it is written', async () => {
  const { topicPrefix, group } = wardSettings()
  const [one, two] = await freePorts(2)
  // the broker that these tests share, a ward and ports of their own
  const other = { '127.0.0.1:19192': brokers[0]!, '18081': `${one}`, '18082': `${two}`, 'vitals.': `${topicPrefix}.` }
  const env = { KAFKA_BROKERS: brokers.join(','), VIGIL_KAFKA_TOPIC_PREFIX: topicPrefix, VIGIL_KAFKA_GROUP: group }
  expect(await walk('docs/runbooks/first-hour.md', { other, env })).toBeGreaterThan(9)
}, 240_000)
