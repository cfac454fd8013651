import type { Assigner, Cluster, PartitionAssigner } from 'kafkajs'
import { assign, decodeClaim, encodeClaim } from '../assignment.ts'
import { AssignerProtocol, type Beside } from './library.ts'

/** What this member has now, told to the leader at every join. */
export interface Held {
  partitions: readonly number[]
  /** ms since 1970 */
  since: number
  /** name that the coordinator gave it, to come back under after a crash */
  memberId: string | undefined
}

/** Its topics, and what it had; of a member whose metadata nobody can read, nothing. */
function decodeMember(metadata: Buffer): { topics: readonly string[]; userData: Buffer } {
  try {
    const decoded = AssignerProtocol.MemberMetadata.decode(metadata)
    if (decoded) return decoded
  } catch {
    // told below: it gets partitions of no topic
  }
  return { topics: [], userData: Buffer.alloc(0) }
}

/**
 * Sticky and co-partitioned: a partition's number goes to one member for every topic that the member subscribes to. Eager,
 * as all of kafkajs: each generation all members join, and keep what they had.
 * @param fetched see `Beside`
 */
export function stickyAssigner(held: Readonly<Held>, fetched: Beside['fetched']): PartitionAssigner {
  return ({ cluster }: { cluster: Cluster }): Assigner & Beside => ({
    name: 'vigil-sticky',
    version: 1,
    returning: () => held.memberId,
    fetched,
    async assign({ members, topics }) {
      const numbers = new Map(
        topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).map((each) => each.partitionId)]),
      )
      const known = members.map(({ memberId, memberMetadata }) => ({
        member: memberId,
        ...decodeMember(memberMetadata),
      }))
      const shares = assign(
        [...numbers.values()].flat(),
        known.map(({ member, userData }) => ({ member, ...decodeClaim(userData) })),
      )
      return known.map(({ member, topics: wanted }) => {
        const share = shares.get(member)!
        const assignment: Record<string, number[]> = {}
        for (const [topic, existing] of numbers)
          if (wanted.includes(topic)) assignment[topic] = share.filter((partition) => existing.includes(partition))
        return {
          memberId: member,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: 1,
            assignment,
            userData: Buffer.alloc(0),
          }),
        }
      })
    },
    protocol({ topics }) {
      return {
        name: 'vigil-sticky',
        metadata: AssignerProtocol.MemberMetadata.encode({
          version: 1,
          topics,
          userData: encodeClaim(held.partitions, held.since),
        }),
      }
    },
  })
}
