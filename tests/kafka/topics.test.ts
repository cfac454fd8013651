import { describe, expect, it } from 'vitest'
import { judgeTopics, type TopicFacts, topicPlans } from '../../src/kafka/topics.ts'

const plans = topicPlans({ topicPrefix: 'ward7' })

/** Every topic as Vigil makes it, with changes to one of them. */
function cluster(changed?: string, change: { partitions?: number; config?: Record<string, string> } = {}) {
  const facts = new Map<string, TopicFacts>()
  for (const plan of plans) {
    const mine = plan.name === changed
    const config = new Map(Object.entries({ ...plan.config, ...(mine && change.config) }))
    const partitions = (mine ? change.partitions : undefined) ?? (plan.copartitioned ? 4 : 1)
    facts.set(plan.name, { name: plan.name, partitions, config })
  }
  return facts
}

describe('topics held against what Vigil needs', () => {
  it('fit as Vigil makes them', () => {
    expect(judgeTopics(plans, cluster())).toEqual([])
    expect(plans.map((plan) => plan.name)).toContain('ward7.alerts.evidence')
  })

  it('must have as many partitions as the readings, except the heartbeat', () => {
    const [fewer] = judgeTopics(plans, cluster('ward7.encounters', { partitions: 2 }))
    expect(fewer).toMatchObject({ topic: 'ward7.encounters', severity: 'error' })
    expect(fewer!.message).toContain('--alter --topic ward7.encounters --partitions 4')
    const [more] = judgeTopics(plans, cluster('ward7.state', { partitions: 8 }))
    expect(more!.message).toContain('cannot be taken away')
    expect(judgeTopics(plans, cluster('ward7.status', { partitions: 7 }))).toEqual([])
  })

  it('must not forget patients: a changelog is compacted, readings are not', () => {
    const [state] = judgeTopics(plans, cluster('ward7.state', { config: { 'cleanup.policy': 'delete' } }))
    expect(state).toMatchObject({ severity: 'error' })
    expect(state!.message).toContain('kafka-configs.sh')
    expect(state!.message).toContain('--entity-name ward7.state --add-config cleanup.policy=compact')
    expect(
      judgeTopics(plans, cluster('ward7.state', { config: { 'cleanup.policy': 'compact,delete' } }))[0]?.severity,
    ).toBe('error')
    expect(
      judgeTopics(plans, cluster('ward7.readings', { config: { 'cleanup.policy': 'compact' } }))[0]?.severity,
    ).toBe('error')
  })

  it('must keep readings for a week; of the others it is only said', () => {
    const day = { config: { 'retention.ms': '86400000' } }
    expect(judgeTopics(plans, cluster('ward7.readings', day))[0]).toMatchObject({ severity: 'error' })
    expect(judgeTopics(plans, cluster('ward7.journal', day))[0]).toMatchObject({ severity: 'warning' })
    expect(judgeTopics(plans, cluster('ward7.readings', { config: { 'retention.ms': '-1' } }))).toEqual([])
  })

  it('are not judged by what the cluster does not tell', () => {
    const facts = new Map([...cluster()].map(([name, fact]) => [name, { ...fact, config: undefined }]))
    expect(judgeTopics(plans, facts)).toEqual([])
  })
})
