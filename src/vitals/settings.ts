import { z } from 'zod'
import { ADULT_LIMITS, LimitChanges, LimitProfile, withChanges } from './limits.ts'
import { Profile } from './profile.ts'
import { CHILD_LIMITS, NEONATE_LIMITS } from './profile-limits.ts'

const seconds = z.number().positive()
const limitsOver = (profile: LimitProfile) =>
  LimitChanges.prefault({})
    .transform((changes) => withChanges(profile, changes))
    .pipe(LimitProfile)

const wanted = {
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/).describe('of its consumer group, its metrics and its dead letters'),
  units: z.array(z.string().min(1)).min(1).optional().describe('only alerts of these units, and those that name none'),
  priorities: z.array(z.enum(['high', 'medium', 'low', 'info'])).min(1).optional(),
  kinds: z.array(z.enum(['physiological', 'technical', 'advisory'])).min(1).optional(),
  callsOnly: z.boolean().default(false).describe('only messages that call somebody, and those that end what called'),
  timeoutSeconds: seconds.max(120).default(10),
  identify: z.boolean().default(false).describe('put the record number back, from the vault; only by TLS or on this machine'),
} // biome-ignore format: one setting, one line

/** Somebody who is told of alerts. */
const Receiver = z.discriminatedUnion('kind', [
  z.strictObject({ ...wanted, kind: z.literal('webhook'), url: z.url({ protocol: /^https?$/ }), secretFile: z.string().optional().describe('file whose first line signs each message'), batch: z.int().min(1).max(1000).default(1).describe('messages of one POST at most; above 1 it is a batch of CloudEvents') }),
  z.strictObject({ ...wanted, kind: z.literal('hl7'), host: z.string().min(1), port: z.int().min(1).max(65535), caFile: z.string().optional().describe('PEM file of the authority of its certificate; TLS when given') }),
]) // biome-ignore format: one kind, one line
export type ReceiverSettings = z.infer<typeof Receiver>

/** Every setting of Vigil. Unknown keys fail at start; environment `VIGIL_A_B` overrides `a.b`. */
export const Settings = z.strictObject({
  models: z
    .strictObject({
      dir: z.string().optional().describe('the model registry, a directory; the shipped models when absent'),
      serve: z.array(z.string()).min(1).default(['bedside']).describe('models that watch every bed together, forecasters, hourly ones and second opinions: NAME or NAME@VERSION'),
      shadow: z.boolean().default(true).describe('the version that the registry calls challenger sees every patient beside the champion, and raises nothing; not of models that serve as NAME@VERSION'),
      rollbackHours: z.number().positive().default(24).describe('how long after a promotion the former champion runs beside its successor, ready to be gone back to'),
      closelySeconds: z.number().nonnegative().default(3600).describe('how long after its promotion a champion goes back by itself when it leaves its band; 0: never'),
      bandOnsets: z.number().positive().default(3).describe('the band: episodes that begin, times those of the former champion'),
      bandBroken: z.number().min(0).max(1).default(0.001).describe('the band: share of forecasts with a value that is no finite number'),
      bandStepSeconds: seconds.default(0.5).describe('the band: seconds of a step in the mean'),
      driftFile: z.string().optional().describe('file that says which models have drifted, and why; written when that changes'),
    })
    .prefault({}),
  retrain: z
    .strictObject({
      model: z.string().default('bedside').describe('name of the model whose champion is challenged'),
      recordings: z.array(z.string()).min(1).optional().describe('recordings, or folders of them, that the window is taken from; the readings topic and its journal when absent'),
      windowHours: z.number().positive().default(168).describe('length of the window, up to now'),
      heldOut: z.number().min(0.1).max(0.9).default(0.4).describe('newest share of the window that neither fit sees'),
      whenPassed: z.enum(['shadow', 'promote']).default('shadow').describe('what becomes of a challenger that passes the gate: it scores in shadow until somebody promotes it, or it serves at once'),
      engine: z.enum(['auto', 'tensorflow', 'webgpu', 'wasm', 'cpu']).default('auto').describe('what trains'),
      seed: z.int().nonnegative().default(1),
      epochs: z.int().positive().optional().describe('instead of the recipe\'s'),
      earlyHours: z.number().positive().default(6).describe('a model that has drifted (models.driftFile) is retrained before its time, this long after the last cycle at the earliest'),
    })
    .prefault({}),
  inference: z
    .strictObject({
      providers: z.array(z.enum(['cpu', 'webgpu', 'cuda'])).min(1).default(['cpu']).describe('tried one at a time, in this order'),
      threads: z.int().min(1).max(64).default(1).describe('intra-op threads of one step worker'),
      workers: z.int().min(1).max(64).default(1).describe('threads among which the patients of a step are divided, each with a session of its own; never more than cores'),
      maxBatch: z.int().min(1).max(65536).default(1024).describe('patients of one step at most'),
      maxWaitMs: z.number().min(0).max(1000).default(2).describe('how long a frame may wait for others'),
    })
    .prefault({}),
  stream: z
    .strictObject({
      aheadSeconds: seconds.default(60).describe('an event time further ahead of the patient\'s clock is set aside'),
      agreeing: z.int().min(2).max(8).default(3).describe('set-aside readings that must agree to move the clock'),
      signalLostSeconds: seconds.default(30).describe('wall-clock silence of a bed after which it is blind'),
      staleSeconds: seconds.default(30).describe('age at which a continuous channel of the model counts as missing; a bed all of whose channels are older is stale'),
      departedSeconds: z.number().nonnegative().default(60).describe('readings of a discharged patient are stragglers for so long, in event time; later ones are watched again'),
      forgetHours: z.number().positive().default(72).describe('a bed that was silent for so long leaves the ward, like a discharge'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      set: z.string().default('built-in').describe('name of this set of limits, as alerts give it; name your own when you change one'),
      version: z.string().default('1').describe('version of the set, as alerts give it'),
      assumed: Profile.default('adult').describe('profile of patients whose age nobody tells; their alerts say that it is assumed'),
      adult: limitsOver(ADULT_LIMITS)
        .describe('changes to the built-in adult limits, field by field: what is not named keeps its default; `low: null` or `high: null` takes one side away, `CHANNEL: null` the whole limit'),
      child: z
        .strictObject({
          'child-12-17-years': limitsOver(CHILD_LIMITS['child-12-17-years']),
          'child-4-11-years': limitsOver(CHILD_LIMITS['child-4-11-years']),
          'child-1-3-years': limitsOver(CHILD_LIMITS['child-1-3-years']),
          'infant-3-11-months': limitsOver(CHILD_LIMITS['infant-3-11-months']),
          'infant-1-2-months': limitsOver(CHILD_LIMITS['infant-1-2-months']),
        })
        .prefault({})
        .describe('the same for children, by age group'),
      neonate: limitsOver(NEONATE_LIMITS).describe('the same for neonates, less than 28 days old'),
    })
    .prefault({}),
  alerts: z
    .strictObject({
      clearSeconds: seconds.default(30).describe('hysteresis: how long a condition must be gone before its alert ends'),
      continueSeconds: seconds.default(300).describe('an active alert is re-sent this often'),
      silenceSeconds: z.number().nonnegative().default(1800).describe('re-alarm silence: after somebody was called, the same code of the same patient calls nobody for so long, unless it is worse; 0: none'),
      unansweredSeconds: z.number().nonnegative().default(600).describe('an alert of high or medium priority that nobody acknowledges is escalated after so long, three times at most; 0: never'),
      longestPauseSeconds: seconds.default(14_400).describe('longest pause or mute that is taken'),
    })
    .prefault({}),
  kafka: z
    .strictObject({
      brokers: z.array(z.string().min(1)).min(1).default(['127.0.0.1:9092']).describe('bootstrap servers, HOST:PORT'),
      clientId: z.string().min(1).default('vigil').describe('name of this client in the broker\'s logs and quotas'),
      group: z.string().min(1).default('vigil').describe('consumer group; also the prefix of the transactional ids'),
      topicPrefix: z.string().min(1).default('vitals').describe('topics are PREFIX.readings, PREFIX.alerts, PREFIX.state ...'),
      partitions: z.int().min(1).max(4096).default(4).describe('partitions of topics that Vigil creates; existing topics keep theirs'),
      replication: z.int().min(1).max(8).optional().describe('replicas of topics that Vigil creates; the broker\'s default when absent'),
      createTopics: z.boolean().default(true).describe('create missing topics; false: a missing topic is an error'),
      eventTypes: z.array(z.string().min(1)).min(1).default(['vigil.reading']).describe('types of CloudEvents that hold a reading; others are rejected'),
      start: z.enum(['earliest', 'latest']).default('earliest').describe('where a partition begins that no checkpoint names'),
      delivery: z.enum(['exactly-once', 'at-least-once']).default('exactly-once').describe('how alerts leave; state and offsets are always committed in one transaction'),
      commitIntervalMs: z.number().min(10).max(5000).default(200).describe('longest time between two commits of a partition; pending alerts commit within about 10 ms'),
      stateIntervalMs: z.number().min(100).max(60_000).default(5000).describe('longest age of a patient\'s saved state; four times as long in a ward that is far behind'),
      transactionTimeoutMs: z.int().min(1000).max(60_000).default(15_000).describe('the broker aborts a transaction that is open for longer'),
      sessionTimeoutMs: z.int().min(1000).max(300_000).default(10_000).describe('a process that is silent for so long loses its partitions'),
      heartbeatIntervalMs: z.int().min(100).max(60_000).default(1000).describe('how often the group coordinator is told that this process lives'),
      requestTimeoutMs: z.int().min(500).max(120_000).default(10_000).describe('a broker that does not answer for so long is unreachable'),
      watchdogUrl: z.url({ protocol: /^https?$/ }).optional().describe('told by POST when this process does not watch its partitions, and when it does again: where Kafka is gone, nothing leaves by Kafka'),
      tls: z.boolean().default(false).describe('encrypt connections to the brokers'),
      caFile: z.string().optional().describe('PEM file with the authority that signed the brokers\' certificates'),
      certFile: z.string().optional().describe('PEM file with this client\'s certificate, for mutual TLS'),
      keyFile: z.string().optional().describe('PEM file with this client\'s key'),
      saslMechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional().describe('log-in; needs saslUsername and a password'),
      saslUsername: z.string().optional(),
      saslPassword: z.string().optional().describe('better by its variable or as a file; never logged'),
      saslPasswordFile: z.string().optional().describe('file whose first line is the password'),
    })
    .prefault({}),
  hl7: z
    .strictObject({
      host: z.string().default('127.0.0.1').describe('address on which `vigil hl7` listens for MLLP'),
      port: z.int().min(0).max(65535).default(2575).describe('0 takes a free one; 2575 is the registered port of HL7'),
      secret: z.string().optional().describe('pseudonyms are made with it; better by its variable or as a file; never logged'),
      secretFile: z.string().optional().describe('file whose first line is the secret'),
      authority: z.string().default('').describe('assigning authority whose record numbers count, where a patient has several; the first when empty'),
      timeZone: z.string().default('UTC').describe('IANA zone of the times that senders write without an offset'),
      patienceSeconds: seconds.max(300).default(10).describe('how long a message waits for Kafka before its sender is told to send it again'),
      messageSeconds: seconds.max(600).default(30).describe('a message that takes longer to arrive whole ends its connection'),
      largestBytes: z.int().min(1000).max(64_000_000).default(1_000_000).describe('longest message'),
      connections: z.int().min(1).max(65535).default(1000).describe('senders at once, at most'),
      certFile: z.string().optional().describe('PEM file with the certificate of the listener; TLS when given'),
      keyFile: z.string().optional().describe('PEM file with its key'),
      clientCaFile: z.string().optional().describe('PEM file with the authority that signed the senders\' certificates; they must show one'),
    })
    .prefault({}),
  vault: z
    .strictObject({
      file: z.string().optional().describe('where `vigil hl7` keeps, sealed, which record number a pseudonym is, for receivers with `identify`; nothing is kept when absent'),
      keyFile: z.string().optional().describe('file of keys, 32 bytes each in hexadecimal or Base64, one a line: the first one seals, all of them open'),
      key: z.string().optional().describe('one such key; better by its variable or as a file; never logged'),
      days: z.int().min(1).max(366).default(7).describe('an identity that was not met for so long is forgotten'),
    })
    .prefault({}),
  deliver: z
    .strictObject({
      receivers: z.array(Receiver).default([]).describe('who is told of alerts by `vigil deliver`, each alone and at least once'),
    })
    .prefault({}),
  http: z
    .strictObject({
      host: z.string().default('127.0.0.1').describe('address to listen on; a loopback address answers only to the names of this machine'),
      port: z.int().min(0).max(65535).default(8080).describe('0 takes a free one'),
      tokensFile: z.string().optional().describe('YAML or JSON file of tokens with their roles, made by `vigil token`; without it a loopback address lets everybody do everything, any other lets them read only'),
      certFile: z.string().optional().describe('PEM file with the listener\'s certificate; HTTPS when given'),
      keyFile: z.string().optional().describe('PEM file with its key'),
      requestsPerMinute: z.int().min(1).default(600).describe('requests of one address a minute, at most; health probes are not counted'),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('debug may name patients; the others never do') })
    .prefault({}),
}) // biome-ignore format: one setting, one line
export type Settings = z.infer<typeof Settings>
