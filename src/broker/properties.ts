import { LOOPBACK } from './address.ts'
import { type BrokerOptions, SECURE_LISTENERS, type SecureListener } from './broker.ts'
import type { Certificates } from './certificates.ts'

/** Where each listener is. */
export interface Ports {
  readonly plaintext: number
  readonly controller: number
  readonly secure: Readonly<Partial<Record<SecureListener, number>>>
  /** behind each proxy: the broker's own port, and the HOST:PORT that clients are told */
  readonly proxied: readonly { readonly port: number; readonly told: string }[]
}

/** SASL mechanisms of a user that has a password. */
export const SCRAM_MECHANISMS = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

const listenerName = (listener: SecureListener): string => listener.replace('-', '_').toUpperCase()
const protocolOf = (listener: SecureListener): string => (listener.includes('tls') ? 'SSL' : 'SASL_SSL')
/** A text of a JAAS line, in its quotes. */
const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`

/**
 * The broker properties of one node that is its own controller: every internal topic with one replica, small enough to
 * start in two seconds.
 * @param dataDir folder of its log
 */
export function brokerProperties(
  options: BrokerOptions,
  ports: Ports,
  dataDir: string,
  certificates: Certificates | undefined,
): Record<string, string> {
  const secure = SECURE_LISTENERS.filter((listener) => ports.secure[listener] !== undefined)
  const here = (port: number): string => `${LOOPBACK}:${port}`
  const listeners = [
    { name: 'PLAINTEXT', at: here(ports.plaintext), told: here(ports.plaintext), protocol: 'PLAINTEXT' },
    ...ports.proxied.map(({ port, told }, i) => ({ name: `PROXIED${i + 1}`, at: here(port), told, protocol: 'PLAINTEXT' })),
    ...secure.map((listener) => {
      const at = here(ports.secure[listener]!)
      return { name: listenerName(listener), at, told: at, protocol: protocolOf(listener) }
    }),
  ]
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${here(ports.controller)}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: [...listeners.map(({ name, at }) => `${name}://${at}`), `CONTROLLER://${here(ports.controller)}`].join(','),
    'advertised.listeners': listeners.map(({ name, told }) => `${name}://${told}`).join(','),
    'listener.security.protocol.map': ['CONTROLLER:PLAINTEXT', ...listeners.map(({ name, protocol }) => `${name}:${protocol}`)].join(','),
    'log.dirs': dataDir,
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    // a client may ask for any session timeout from 1 s on, as our settings do
    'group.min.session.timeout.ms': '1000',
    'log.cleaner.dedupe.buffer.size': '2097152',
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
  }
  if (options.own) {
    // after kill -9 the controller waits for the old registration to lapse, 9 s unless told otherwise
    properties['broker.session.timeout.ms'] = '2000'
    properties['broker.heartbeat.interval.ms'] = '200'
  }
  for (const topic of ['offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic']) {
    properties[`${topic}.replication.factor`] = '1'
    properties[`${topic}.num.partitions`] = '1'
    if (topic !== 'offsets.topic') properties[`${topic}.min.isr`] = '1'
  }
  if (certificates !== undefined) {
    properties['ssl.keystore.type'] = 'PEM'
    properties['ssl.keystore.location'] = certificates.brokerFile
    properties['ssl.truststore.type'] = 'PEM'
    properties['ssl.truststore.location'] = certificates.caFile
  }
  if (secure.includes('mutual-tls')) {
    properties['listener.name.mutual_tls.ssl.client.auth'] = 'required'
    properties['listener.name.mutual_tls.ssl.principal.mapping.rules'] = 'RULE:^CN=([^,]+).*$/$1/,DEFAULT'
  }
  const login = 'org.apache.kafka.common.security'
  if (secure.includes('scram')) {
    properties['listener.name.scram.sasl.enabled.mechanisms'] = SCRAM_MECHANISMS.join(',')
    for (const mechanism of SCRAM_MECHANISMS) {
      properties[`listener.name.scram.${mechanism.toLowerCase()}.sasl.jaas.config`] = `${login}.scram.ScramLoginModule required;`
    }
  }
  if (secure.includes('plain')) {
    const users = Object.entries(options.users ?? {}).map(([user, password]) => ` user_${user}=${quoted(password)}`)
    properties['listener.name.plain.sasl.enabled.mechanisms'] = 'PLAIN'
    properties['listener.name.plain.plain.sasl.jaas.config'] = `${login}.plain.PlainLoginModule required${users.join('')};`
  }
  if (options.denying) {
    properties['authorizer.class.name'] = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
    properties['super.users'] = 'User:ANONYMOUS' // whoever is on the plaintext listener, and the controller
  }
  for (const [name, value] of Object.entries(options.properties ?? {})) properties[name] = String(value)
  return properties
} // biome-ignore format: one property, one line

/** As a file that Java's Properties reads. */
export function propertiesFile(properties: Readonly<Record<string, string>>): string {
  const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return Object.entries(properties).map(([name, value]) => `${name}=${escaped(value)}\n`).join('')
} // biome-ignore format: as above
