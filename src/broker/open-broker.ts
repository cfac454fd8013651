import { VigilError } from '../errors.ts'
import { answers } from './answers.ts'
import type { Broker, BrokerOptions } from './broker.ts'
import { dockerAnswers, dockerBroker } from './docker-broker.ts'
import { javaBroker } from './java-broker.ts'

/** Why only a broker of our own process will do; undefined when any will. */
function particular(options: BrokerOptions): string | undefined {
  if (options.own) return 'one to kill and start again was asked for'
  if (options.listeners?.length) return 'listeners with TLS or a log-in were asked for'
  if (options.denying) return 'an authoriser was asked for'
  if (options.proxies) return 'listeners behind a proxy were asked for'
  return undefined
}

/**
 * A real broker: the one that `KAFKA_BROKERS` names, else one in Docker, else one in Java. What is passed over is said.
 * Whoever opens one stops it; should this process die first, a Java broker ends by itself and Docker's is reaped.
 * @throws VigilError `broker-unavailable` naming each way and why it failed; `broker-failed` when one was there and did
 *   not start
 */
export async function openBroker(options: BrokerOptions = {}): Promise<Broker> {
  const say = options.say ?? ((line: string) => void process.stderr.write(`[broker] ${line}\n`))
  const refusals: string[] = []
  const why = particular(options)
  const ways: [name: string, open: () => Promise<Broker>][] = [
    ['KAFKA_BROKERS', () => givenBroker(why)],
    ['Docker', () => inDocker(options, why)],
    ['Java', () => javaBroker(options, say)],
  ]
  for (const [name, open] of ways) {
    try {
      const broker = await open()
      say(`${name}: a broker at ${broker.brokers.join(', ')}`)
      return broker
    } catch (error) {
      const refused = error instanceof VigilError ? error.code !== 'broker-unavailable' : true
      if (refused) throw error
      refusals.push(`${name}: ${(error as Error).message}`)
      say(refusals.at(-1)!)
    }
  }
  throw new VigilError('broker-unavailable', `no Kafka broker can be had. ${refusals.join('. ')}`)
}

async function givenBroker(particular: string | undefined): Promise<Broker> {
  const text = process.env['KAFKA_BROKERS']
  if (!text) throw passedOver('not set')
  if (particular !== undefined) throw passedOver(particular)
  const brokers = text.split(',').map((server) => server.trim())
  const answering = await Promise.all(brokers.map((server) => answers(server, 5000)))
  // a broker that was asked for by name and is not there is a mistake to hear of, not to step over
  if (!answering.includes(true)) throw new VigilError('broker-failed', 'none of KAFKA_BROKERS answers', { place: text })
  const refuse = (): Promise<never> =>
    Promise.reject(new VigilError('broker-failed', 'a broker that was given is neither ended nor changed'))
  return {
    how: 'given',
    brokers,
    listeners: {},
    proxies: [],
    certificates: undefined,
    properties: {},
    allow: refuse,
    kill: refuse,
    start: refuse,
    restart: refuse,
    stop: () => Promise.resolve(),
  }
}

async function inDocker(options: BrokerOptions, particular: string | undefined): Promise<Broker> {
  if (particular !== undefined) throw passedOver(particular)
  await dockerAnswers(process.env).catch((cause: Error) => {
    throw new VigilError('broker-unavailable', cause.message, { cause })
  })
  const properties = Object.entries(options.properties ?? {}).map(([name, value]) => [name, String(value)])
  return dockerBroker(Object.fromEntries(properties))
}

const passedOver = (reason: string): VigilError => new VigilError('broker-unavailable', reason)
