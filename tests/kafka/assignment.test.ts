import fc from 'fast-check'
import { expect, it } from 'vitest'
import { assign, type Claim, decodeClaim, encodeClaim } from '../../src/kafka/assignment.ts'

const partitions = fc.integer({ min: 0, max: 60 }).map((count) => Array.from({ length: count }, (_, each) => each))
const members = fc.uniqueArray(
  fc.record({
    member: fc.string({ minLength: 1, maxLength: 6 }),
    owned: fc.array(fc.integer({ min: -2, max: 70 }), { maxLength: 70 }),
    since: fc.integer({ min: 0, max: 5 }),
  }),
  { minLength: 1, maxLength: 9, selector: (claim) => claim.member },
)

it('gives every partition to one member, and no member two more than another', () => {
  fc.assert(
    fc.property(partitions, members, (all, claims) => {
      const shares = [...assign(all, claims).values()]
      expect(shares.flat().sort((a, b) => a - b)).toEqual(all)
      const sizes = shares.map((share) => share.length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }),
  )
})

it('does not depend on the order of members or partitions', () => {
  fc.assert(
    fc.property(partitions, members, fc.integer(), (all, claims, turn) => {
      const at = Math.abs(turn) % claims.length
      const turned = [...claims.slice(at), ...claims.slice(0, at)]
      const sorted = (of: Map<string, number[]>) => [...of].sort(([a], [b]) => (a < b ? -1 : 1))
      expect(sorted(assign([...all].reverse(), turned))).toEqual(sorted(assign(all, claims)))
    }),
  )
})

/** Generations of a group: members come and go, each owning what it was given. */
const coming = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 8 }), {
  maxLength: 12,
})

it('moves as few partitions as balance allows, through members that come and go', () => {
  fc.assert(
    fc.property(partitions, coming, (all, generations) => {
      let before = new Map<string, number[]>()
      for (const present of generations) {
        const claims: Claim[] = present.map((id) => ({ member: `m${id}`, owned: before.get(`m${id}`) ?? [], since: 1 }))
        const after = assign(all, claims)
        const stayed = claims.reduce(
          (sum, { member, owned }) => sum + owned.filter((each) => after.get(member)!.includes(each)).length,
          0,
        )
        // The best possible: the members with most keep the larger shares.
        const least = Math.floor(all.length / claims.length)
        const sizes = claims.map(({ owned }) => owned.length).sort((a, b) => b - a)
        const most = sizes.reduce(
          (sum, size, at) => sum + Math.min(size, least + (at < all.length % claims.length ? 1 : 0)),
          0,
        )
        expect(stayed).toBe(most)
        before = after
      }
    }),
  )
})

it('believes the later of two that claim one partition', () => {
  const claims = [
    { member: 'asleep', owned: [0, 1], since: 100 },
    { member: 'awake', owned: [0, 1], since: 200 },
  ]
  expect(assign([0, 1, 2, 3], claims).get('awake')).toEqual([0, 1])
})

it('takes the claim of another version, and any garbage, for none', () => {
  const claim = { owned: [3, 5], since: 17 }
  expect(decodeClaim(encodeClaim(claim.owned, claim.since))).toEqual(claim)
  for (const said of ['', '{', 'null', '7', '{"v":2,"owned":[1],"since":1}', '{"v":1,"owned":1,"since":1}', '[]'])
    expect(decodeClaim(Buffer.from(said))).toEqual({ owned: [], since: 0 })
  expect(decodeClaim(null)).toEqual({ owned: [], since: 0 })
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        const { owned, since } = decodeClaim(bytes)
        expect(owned.every((each) => Number.isInteger(each) && each >= 0)).toBe(true)
        expect(Number.isFinite(since)).toBe(true)
      },
    ),
  )
})
