/** A member of the group as the leader sees it. */
export interface Claim {
  readonly member: string
  /** partitions it had in the generation before; empty for a new one */
  readonly owned: readonly number[]
  /** ms since 1970 at which it got them: of two that claim one partition, the later is believed */
  readonly since: number
}

/** Text order that is the same on every machine. */
const byName = (a: { member: string }, b: { member: string }) =>
  a.member < b.member ? -1 : a.member > b.member ? 1 : 0

/** Who is believed to have each partition: one member at most, and only partitions that exist. */
function believed(partitions: ReadonlySet<number>, claims: readonly Claim[]): Map<string, number[]> {
  const owner = new Map<number, Claim>()
  for (const claim of claims)
    for (const partition of claim.owned)
      if (partitions.has(partition) && (owner.get(partition)?.since ?? Number.NEGATIVE_INFINITY) < claim.since)
        owner.set(partition, claim)
  const kept = new Map<string, number[]>(claims.map(({ member }) => [member, []]))
  for (const partition of [...owner.keys()].sort((a, b) => a - b))
    kept.get(owner.get(partition)!.member)!.push(partition)
  return kept
}

/**
 * Partitions for members: no two members differ by more than one, as many as that allows stay where they are, and the
 * answer depends on nothing but the arguments, whatever their order.
 * @returns ascending partitions by member
 */
export function assign(partitions: readonly number[], members: readonly Claim[]): Map<string, number[]> {
  const claims = [...members].sort(byName)
  const all = [...new Set(partitions)].sort((a, b) => a - b)
  const kept = believed(new Set(all), claims)
  const least = Math.floor(all.length / claims.length)
  let larger = all.length % claims.length
  // The larger shares go to those who have most, so that fewest move.
  const order = [...claims].sort((a, b) => kept.get(b.member)!.length - kept.get(a.member)!.length || byName(a, b))
  const share = new Map(order.map(({ member }) => [member, least + (larger-- > 0 ? 1 : 0)]))
  const given = new Map(claims.map(({ member }) => [member, kept.get(member)!.slice(0, share.get(member))]))
  const settled = new Set([...given.values()].flat())
  const free = all.filter((partition) => !settled.has(partition))
  for (const { member } of claims) {
    const mine = given.get(member)!
    while (mine.length < share.get(member)!) mine.push(free.shift()!)
    mine.sort((a, b) => a - b)
  }
  return given
}

/** What a member tells the leader of itself, as JSON: readable in the broker's tools. */
export function encodeClaim(owned: readonly number[], since: number): Buffer {
  return Buffer.from(JSON.stringify({ v: 1, owned, since }))
}

const NOTHING = { owned: [], since: 0 }

/** The same back; another version's or anyone's garbage is a member that had nothing. */
export function decodeClaim(userData: Uint8Array | null | undefined): Pick<Claim, 'owned' | 'since'> {
  try {
    const said: unknown = JSON.parse(Buffer.from(userData ?? []).toString('utf8'))
    if (typeof said !== 'object' || said === null) return NOTHING
    const { v, owned, since } = said as Record<string, unknown>
    if (v !== 1 || !Array.isArray(owned) || !Number.isFinite(since)) return NOTHING
    return { owned: owned.filter((each): each is number => Number.isInteger(each) && each >= 0), since: Number(since) }
  } catch {
    return NOTHING
  }
}
