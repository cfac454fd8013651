import type { AccessRule } from './access-rules.ts'
import type { Certificates } from './certificates.ts'
import type { FreezingProxy } from './freezing-proxy.ts'

/**
 * Listeners beside the plaintext one, each on a port of its own: TLS; TLS that demands the client's certificate (the
 * user is its common name); SASL over TLS with SCRAM-SHA-256 and -512; SASL over TLS with PLAIN.
 */
export const SECURE_LISTENERS = ['tls', 'mutual-tls', 'scram', 'plain'] as const
export type SecureListener = (typeof SECURE_LISTENERS)[number]

/** What a broker must have. Nothing is asked by default: then a given one and one in Docker will do too. */
export interface BrokerOptions {
  /** it will be killed and started again: only one that this process starts itself will do */
  readonly own?: boolean
  /** port of the plaintext listener of a broker in Java; a free one when absent. Docker chooses its own */
  readonly port?: number
  readonly listeners?: readonly SecureListener[]
  /** user -> password, for both SASL listeners; they exist from the first start */
  readonly users?: Readonly<Record<string, string>>
  /** an authoriser that allows nothing but what `allow` says; the plaintext listener is the administrator's */
  readonly denying?: boolean
  /** how many plaintext listeners behind a proxy of their own there are */
  readonly proxies?: number
  /** further broker properties; they go over ours */
  readonly properties?: Readonly<Record<string, string | number | boolean>>
  /** takes what is tried and why it is passed over, a line each; standard error when absent */
  readonly say?: (line: string) => void
}

/** A real Kafka broker of one node. */
export interface Broker {
  readonly how: 'given' | 'docker' | 'java'
  /** bootstrap servers of the plaintext listener, HOST:PORT */
  readonly brokers: readonly string[]
  /** HOST:PORT of each listener that was asked for */
  readonly listeners: Readonly<Partial<Record<SecureListener, string>>>
  /** one for each of `proxies`: its address is the bootstrap server, and what the broker then tells its clients */
  readonly proxies: readonly FreezingProxy[]
  /** when a secure listener was asked for */
  readonly certificates: Certificates | undefined
  /** what the broker runs with; empty for one that was given */
  readonly properties: Readonly<Record<string, string>>
  /** Let users in, on a denying broker. About a second for each kind of resource of a user. */
  allow(rules: readonly AccessRule[]): Promise<void>
  /** End it as a power cut does (SIGKILL). The data stay. */
  kill(): Promise<void>
  /** Start it after `kill`, with the same data, ports and certificates. */
  start(): Promise<void>
  /** End it politely (SIGTERM) and start it again. */
  restart(): Promise<void>
  /** End it, if it is ours, and throw its data away. May be called more than once. */
  stop(): Promise<void>
}

export type Say = NonNullable<BrokerOptions['say']>
