import { type TopicRole, topicName } from './topics.ts'

/** What a topic carries, and which way it goes; the value's contract where it is JSON. `receive`: Vigil reads it. */
const TOPICS: Readonly<Record<TopicRole, { action: 'send' | 'receive'; what: string; contract?: string }>> = {
  readings: { action: 'receive', what: 'readings of patients', contract: 'reading' },
  encounters: { action: 'receive', what: 'admissions, transfers, discharges', contract: 'encounter' },
  'alerts.acks': { action: 'receive', what: 'what people do about alerts', contract: 'acknowledgement' },
  models: { action: 'receive', what: 'orders of what becomes of a model', contract: 'model-order' },
  alerts: { action: 'send', what: 'messages of live alerts', contract: 'alert-envelope' },
  'alerts.test': { action: 'send', what: 'messages of alerts that are not live', contract: 'alert-envelope' },
  'alerts.evidence': { action: 'send', what: 'what an alert was made of, binary; its head is JSON' },
  journal: { action: 'send', what: "what changed a patient's future beside readings", contract: 'journal-entry' },
  'readings.dlq': { action: 'send', what: 'what could not be read, as it came; why stands in the headers' },
  status: { action: 'send', what: 'heartbeats', contract: 'heartbeat' },
  state: { action: 'send', what: "each patient's state, binary, Vigil's own" },
}

/** Every topic as AsyncAPI 3.0, under the default prefix; keys are patients' keys. */
export function asyncApi(): unknown {
  const roles = Object.keys(TOPICS) as TopicRole[]
  const of = (make: (role: TopicRole) => unknown) =>
    Object.fromEntries(roles.map((role) => [role.replaceAll('.', '-'), make(role)]))
  const channel = (role: TopicRole) => ({ $ref: `#/channels/${role.replaceAll('.', '-')}` })
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Vigil',
      version: '1',
      description: 'Written by `npm run contracts`. `vitals` is the default of `kafka.topicPrefix`. See docs/kafka.md.',
    },
    defaultContentType: 'application/json',
    channels: of((role) => {
      const { what, contract } = TOPICS[role]
      const payload = contract && {
        schemaFormat: 'application/schema+json;version=draft-2020-12',
        schema: { $ref: `./${contract}.schema.json` },
      }
      return {
        address: topicName('vitals', role),
        description: what,
        messages: {
          message: payload ? { payload } : { contentType: 'application/octet-stream' },
        },
      }
    }),
    operations: of((role) => ({ action: TOPICS[role].action, channel: channel(role) })),
  }
}
