/** Who coordinates a transaction, or the group whose positions it has. */
interface Coordinator {
  readonly nodeId: string
  initProducerId(options: object): Promise<unknown>
  addPartitionsToTxn(options: object): Promise<unknown>
  addOffsetsToTxn(options: object): Promise<unknown>
  txnOffsetCommit(options: object): Promise<unknown>
  endTxn(options: object): Promise<unknown>
}
type Request = Exclude<keyof Coordinator, 'nodeId'>

/** The part of kafkajs' cluster that the patch touches. */
interface Finder {
  findGroupCoordinator(of: { readonly groupId: string; readonly coordinatorType: number }): Promise<Coordinator>
  findBroker(of: { readonly nodeId: string }): Promise<Coordinator>
}

/** kafkajs' `createEosManager`: what a producer knows of its transactions. */
type EosManagerMaker = (options: { readonly cluster: Finder }) => unknown

const REQUESTS: readonly Request[] = [
  'initProducerId',
  'addPartitionsToTxn',
  'addOffsetsToTxn',
  'txnOffsetCommit',
  'endTxn',
]
/** The transaction before is not quite over: its coordinator says so, and stays who it is. */
const NOT_YET = 'CONCURRENT_TRANSACTIONS'
/** ms between two tries of a request that comes too early; whoever called tries on after them */
const NOT_YET_MS = [2, 4, 8]

/**
 * Who coordinates is asked once, and again after a failure. kafkajs 2.2.4 asks before every request of a transaction: four of the
 * nine round trips of a commit. And a request that comes a little too early is sent again soon, without new metadata first.
 */
export function knownCoordinators(create: EosManagerMaker): EosManagerMaker {
  return (options) => {
    const { cluster } = options
    const nodes = new Map<string, string>()

    async function find(of: { readonly groupId: string; readonly coordinatorType: number }): Promise<Coordinator> {
      const name = `${of.coordinatorType}/${of.groupId}`
      const forget = () => void nodes.delete(name)
      const nodeId = nodes.get(name)
      // a node that cannot be reached any more is looked for anew
      const known = nodeId === undefined ? undefined : await cluster.findBroker({ nodeId }).catch(forget)
      const found = known ?? (await cluster.findGroupCoordinator(of))
      nodes.set(name, found.nodeId)
      return forgottenOnFailure(found, forget)
    }

    return create({ ...options, cluster: Object.create(cluster, { findGroupCoordinator: { value: find } }) as Finder })
  }
}

function forgottenOnFailure(coordinator: Coordinator, forget: () => void): Coordinator {
  const sent = (request: Request) => async (options: object) => {
    for (let tries = 0; ; tries++) {
      try {
        return await coordinator[request](options)
      } catch (error) {
        const wait = NOT_YET_MS[tries]
        const early = (error as { type?: string }).type === NOT_YET
        if (!early) forget()
        if (!early || wait === undefined) throw error
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }
  const requests = Object.fromEntries(REQUESTS.map((each) => [each, sent(each)])) as Omit<Coordinator, 'nodeId'>
  return { nodeId: coordinator.nodeId, ...requests }
}
