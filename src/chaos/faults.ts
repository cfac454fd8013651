import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from '../broker/broker.ts'
import { type Random, random } from '../random.ts'
import type { Member, Members } from './members.ts'
import type { Mutant, Order } from './orders.ts'

/** Where processes are killed: at steps of a commit, while a changelog is read, as a woken sleeper writes, at any time. */
export const KILL_POINTS = [
  'before-send',
  'after-send',
  'after-offsets',
  'during-commit',
  'after-commit',
  'during-restore',
  'zombie-flush',
  'any-time',
] as const
export type KillPoint = (typeof KILL_POINTS)[number]

export type Fault =
  | { readonly kind: 'kill'; readonly point: KillPoint }
  /** one leaves politely, and another joins */
  | { readonly kind: 'rebalance' }
  /** `power-cut`: SIGKILL; `polite`: SIGTERM; `mid-commit`: a power cut while a commit is between two of its steps */
  | { readonly kind: 'broker'; readonly way: 'power-cut' | 'polite' | 'mid-commit' }
  /** a sleeper wakes after its partitions moved, and lives on */
  | { readonly kind: 'sleep' }
  /** the network of one process stalls for longer than its session */
  | { readonly kind: 'stall' }

export interface FaultCounts {
  readonly kills: number
  readonly rebalances: number
  readonly brokerRestarts: number
  /** of each of the others */
  readonly stalls: number
}

/** Faults in a random order, the kills shared out evenly among the points. */
export function plannedFaults(counts: FaultCounts, seed: number): Fault[] {
  const of = (count: number, fault: (i: number) => Fault) => Array.from({ length: count }, (_, i) => fault(i))
  const ways = ['power-cut', 'mid-commit', 'polite'] as const
  const faults = [
    ...of(counts.kills, (i) => ({ kind: 'kill', point: KILL_POINTS[i % KILL_POINTS.length]! })),
    ...of(counts.rebalances, () => ({ kind: 'rebalance' })),
    ...of(counts.brokerRestarts, (i) => ({ kind: 'broker', way: ways[i % ways.length]! })),
    ...of(counts.stalls, (i) => ({ kind: i % 2 === 0 ? 'stall' : 'sleep' })),
  ]
  return Array.from(random(seed).permutation(faults.length), (i) => faults[i]!)
}

/** What came of the faults. */
export interface Tally {
  readonly killsByPoint: Record<KillPoint, number>
  rebalances: number
  brokerRestarts: number
  stalls: number
  sleepersWoken: number
  /** sleepers whose commit was taken after their partition had moved: must be 0 */
  sleepersHeeded: number
  /** ordered steps that were not passed in time, and were ordered again */
  missed: number
  /** ms from a kill, in a group that was whole, until others had committed in every partition of the killed */
  readonly afterKill: number[]
  /** ms from SIGTERM until others had */
  readonly afterLeave: number[]
  /** ms from SIGTERM to the exit, and exits with another code than 0 */
  readonly exits: number[]
  impolite: number
  /** ms from the broker's return until every partition was committed in */
  readonly afterBroker: number[]
  /** faults after which some partition was not worked for a minute */
  unsettled: number
}

export const newTally = (): Tally => ({
  killsByPoint: Object.fromEntries(KILL_POINTS.map((point) => [point, 0])) as Record<KillPoint, number>,
  rebalances: 0,
  brokerRestarts: 0,
  stalls: 0,
  sleepersWoken: 0,
  sleepersHeeded: 0,
  missed: 0,
  afterKill: [],
  afterLeave: [],
  exits: [],
  impolite: 0,
  afterBroker: [],
  unsettled: 0,
})

export interface Stage {
  readonly members: Members
  /** undefined where the broker is not to be touched */
  readonly broker: Broker | undefined
  readonly mutant: Mutant | undefined
  /** kills at steps of a commit wait for one in which versions change hands */
  readonly atSwaps: boolean
  readonly rng: Random
  readonly tally: Tally
  /** members that a fault has in hand */
  readonly busy: Set<Member>
  /** start one more process; behind the broker's proxy where it has one and nobody else is */
  start(order?: Order): Member
  behindProxy(): Member | undefined
  say(line: string): void
}

/** How long a step may take to be passed, ms: a process may have to begin for it; and a group to find itself again. */
const REACH_MS = 90_000
const SETTLE_MS = 60_000

/** Do one fault, and wait until others work what it took away. */
export async function inflict(stage: Stage, fault: Fault): Promise<void> {
  switch (fault.kind) {
    case 'kill':
      return kill(stage, fault.point)
    case 'rebalance':
      return rebalance(stage)
    case 'broker':
      return restartBroker(stage, fault.way)
    case 'sleep':
      return sleeper(stage, false)
    case 'stall':
      return stall(stage)
  }
}

/** One that has partitions, is awake and in no other fault's hands: it is in this one's from now on. */
function anyOwner({ members, rng, busy }: Stage): Member | undefined {
  const owners = [...new Set([...members.owners.values()].map(({ member }) => member))]
  const free = owners.filter((it) => !it.asleep && !busy.has(it))
  const member = free[Math.floor(rng.uniform() * free.length)]
  if (member !== undefined) {
    busy.add(member)
    void member.ended.then(() => busy.delete(member))
  }
  return member
}

/** Until others have committed in every partition that the member has. @returns ms, undefined when it takes too long */
async function moved(stage: Stage, from: Member, of = stage.members.partitionsOf(from)): Promise<number | undefined> {
  const { owners } = stage.members
  const waiting = new Set(of)
  for (const began = Date.now(); Date.now() - began < SETTLE_MS; await sleep(10)) {
    for (const partition of waiting) {
      const owner = owners.get(partition)?.member
      if (owner !== undefined && owner !== from) waiting.delete(partition)
    }
    if (waiting.size === 0) return Date.now() - began
  }
  stage.tally.unsettled++
  stage.say('a partition was not worked for a minute')
  return undefined
}

/** Until every partition is worked. */
async function settle(stage: Stage): Promise<number | undefined> {
  const ms = await stage.members.settled(SETTLE_MS)
  if (ms !== undefined) return ms
  stage.tally.unsettled++
  stage.say('a partition was not worked for a minute')
  return undefined
}

/** Whether all that were started have joined. */
function whole({ members }: Stage): boolean {
  return [...members.all].every(({ partitions }) => partitions !== undefined)
}

/** A member for a fault, as soon as there is one. */
async function free(stage: Stage): Promise<Member | undefined> {
  for (const until = Date.now() + REACH_MS; Date.now() < until; await sleep(50)) {
    const member = anyOwner(stage)
    if (member !== undefined) return member
  }
  return undefined
}

/** Have a member pass a step; undefined when none does in time. */
async function reached(stage: Stage, order: Order): Promise<{ member: Member; had: number[] } | undefined> {
  const { members, busy, tally, say } = stage
  for (let tries = 0; tries < 3; tries++) {
    const fresh = order.step === 'during-restore'
    const member = fresh ? stage.start(order) : await free(stage)
    if (member !== undefined) {
      if (!fresh) members.order(member, order)
      const told = await members.heard(member, 'reached', REACH_MS)
      if (told !== undefined) return { member, had: fresh ? [] : told.had }
      if (fresh) await members.kill(member)
      else members.order(member, null)
      busy.delete(member)
    }
    tally.missed++
    say(`missed: ${order.step}`)
  }
  return undefined
}

async function kill(stage: Stage, point: KillPoint): Promise<void> {
  const { members, rng, tally } = stage
  if (point === 'zombie-flush') return sleeper(stage, true)
  // where somebody is still joining or falling, the time until all is watched is not that of the kill alone
  const quiet = whole(stage)
  let victim: Member | undefined
  let had: number[] = []
  if (point === 'any-time') {
    victim = await free(stage)
    if (victim === undefined) return
    await sleep(1000 * rng.uniform())
    had = members.partitionsOf(victim)
    await members.kill(victim)
  } else {
    const ofSwap = stage.atSwaps && point !== 'during-restore'
    const passage = point === 'during-restore' || ofSwap ? 1 : 1 + Math.floor(5 * rng.uniform())
    const found = await reached(stage, { step: point, passage, act: 'kill', withSwap: ofSwap })
    if (found === undefined) return
    victim = found.member
    had = found.had
    await victim.ended
  }
  tally.killsByPoint[point]++
  const ms = await moved(stage, victim, had)
  if (ms !== undefined && quiet && had.length > 0) tally.afterKill.push(ms)
}

/** Put a process to sleep in the middle of a commit, until others have its partitions; then it wakes and writes. */
async function sleeper(stage: Stage, dies: boolean): Promise<void> {
  const { members, rng, tally, mutant, busy } = stage
  const step = (['before-send', 'after-send', 'after-offsets'] as const)[Math.floor(3 * rng.uniform())]!
  const act = dies ? 'sleep-and-kill' : 'sleep'
  const order: Order = { step: mutant === 'no-fence' ? 'before-send' : step, passage: 1, act, withAlert: true }
  const found = await reached(stage, order)
  if (found === undefined) return
  const { member: zombie, had } = found
  zombie.asleep = true
  await moved(stage, zombie, had)
  zombie.child.kill('SIGCONT')
  const woke = await members.heard(zombie, 'woke', SETTLE_MS)
  zombie.asleep = false
  busy.delete(zombie)
  if (woke === undefined) tally.missed++
  else if (woke.refused === undefined) tally.sleepersHeeded++
  if (!dies) {
    if (woke !== undefined) tally.sleepersWoken++
    return
  }
  if (woke === undefined) await members.kill(zombie)
  await zombie.ended
  if (woke !== undefined) tally.killsByPoint['zombie-flush']++
}

/** One leaves, another joins in its place: two generations. */
async function rebalance(stage: Stage): Promise<void> {
  const { members, tally } = stage
  const quiet = whole(stage)
  const leaving = await free(stage)
  if (leaving === undefined) return
  const { generations } = members
  const left = members.leave(leaving).then(({ code, ms }) => {
    tally.exits.push(ms)
    if (code !== 0) tally.impolite++
  })
  const ms = await moved(stage, leaving)
  if (ms !== undefined && quiet) tally.afterLeave.push(ms)
  await left
  for (const until = Date.now() + REACH_MS; members.generations === generations && Date.now() < until; ) await sleep(20)
  if (members.generations > generations) tally.rebalances++
}

async function restartBroker(stage: Stage, way: Extract<Fault, { kind: 'broker' }>['way']): Promise<void> {
  const { broker, members, rng, tally } = stage
  if (broker === undefined) return
  // a process that starts without a broker says so and ends, which is another story
  for (const until = Date.now() + SETTLE_MS; !whole(stage) && Date.now() < until; ) await sleep(50)
  const step = rng.uniform() < 0.5 ? 'after-send' : 'after-offsets'
  const held = way === 'mid-commit' ? await reached(stage, { step, passage: 1, act: 'hold' }) : undefined
  if (way === 'polite') await broker.restart()
  else {
    await broker.kill()
    await broker.start()
  }
  const began = Date.now()
  if (held !== undefined) {
    members.release(held.member)
    stage.busy.delete(held.member)
  }
  members.owners.clear()
  tally.brokerRestarts++
  if ((await settle(stage)) !== undefined) tally.afterBroker.push(Date.now() - began)
}

async function stall(stage: Stage): Promise<void> {
  const { broker, tally } = stage
  const proxy = broker?.proxies[0]
  const member = stage.behindProxy()
  if (proxy === undefined || member === undefined) return
  const had = stage.members.partitionsOf(member)
  proxy.freeze()
  member.asleep = true
  await moved(stage, member, had)
  proxy.thaw()
  member.asleep = false
  tally.stalls++
}
