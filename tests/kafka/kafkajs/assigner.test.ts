import { expect, it } from 'vitest'
import { encodeClaim } from '../../../src/kafka/assignment.ts'
import { stickyAssigner } from '../../../src/kafka/kafkajs/assigner.ts'
import { AssignerProtocol } from '../../../src/kafka/kafkajs/library.ts'

const counts: Record<string, number> = { readings: 4, acks: 4, more: 6 }
const cluster = {
  findTopicPartitionMetadata: (topic: string) =>
    Array.from({ length: counts[topic]! }, (_, partitionId) => ({ partitionId })),
}
const held = { partitions: [1, 3], since: 5, memberId: 'm' }
const assigner = stickyAssigner(held, () => {})({ cluster: cluster as never, groupId: 'g', logger: undefined as never })

const member = (memberId: string, owned: number[], topics = ['readings', 'acks']) => ({
  memberId,
  memberMetadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: encodeClaim(owned, 1) }),
})
async function assigned(members: ReturnType<typeof member>[], topics = ['readings', 'acks']) {
  const out = await assigner.assign({ members, topics })
  return new Map(
    out.map((each) => [each.memberId, AssignerProtocol.MemberAssignment.decode(each.memberAssignment)!.assignment]),
  )
}

it('gives a partition number to one member for every topic', async () => {
  const out = await assigned([member('a', [2, 3]), member('b', [])])
  expect(out.get('a')).toEqual({ readings: [2, 3], acks: [2, 3] })
  expect(out.get('b')).toEqual({ readings: [0, 1], acks: [0, 1] })
})

it('gives no topic to a member that does not subscribe to it, and no partition that a topic lacks', async () => {
  const out = await assigned([member('a', [4, 5, 0]), member('b', [1, 2, 3], ['readings'])], ['readings', 'more'])
  expect(out.get('a')).toEqual({ readings: [0] })
  expect(out.get('b')).toEqual({ readings: [1, 2, 3] })
})

it('gives a member whose metadata nobody can read nothing of any topic', async () => {
  const out = await assigned([member('a', [0, 1]), { memberId: 'b', memberMetadata: Buffer.from([1]) }])
  expect(out.get('b')).toEqual({})
})

it('tells what this member has at the moment of the join', () => {
  const said = () =>
    AssignerProtocol.MemberMetadata.decode(assigner.protocol({ topics: ['readings'] }).metadata)!.userData
  expect(said()).toEqual(encodeClaim([1, 3], 5))
  held.partitions = [2]
  expect(said()).toEqual(encodeClaim([2], 5))
})
