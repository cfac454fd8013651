/** Every error code of Vigil, with what it means. `docs/errors.md` is held equal to this table by a test. */
export const ERROR_CODES = {
  'config-invalid': 'A setting is unknown, of the wrong type or out of bounds.',
  usage: 'The command line does not fit the command.',
  'port-in-use': 'Another process listens on the configured port.',
  'model-not-found': 'The registry has no such model or version.',
  'model-corrupt': 'A file of the model is missing, cut or does not match its checksum.',
  'manifest-invalid': 'The manifest does not fit its schema, or is of another layout version.',
  'registry-locked': 'Another process writes to this folder of the registry; the message names it.',
  'registry-unwritable': 'A file of the registry cannot be written: the disk is full, say. The registry is as it was.',
  'golden-mismatch': 'The engine does not reproduce the golden steps of the model; it is not served.',
  'provider-unavailable': 'No configured execution provider can run the model here.',
  'engine-failed': 'The step engine failed while running.',
  'recording-unreadable': 'A recording cannot be opened, or its container is damaged.',
  'recording-format': 'The recording is of no known format, or its header is wrong.',
  'mapping-invalid': 'The CSV mapping file does not fit its schema or the columns of the file.',
  'episodes-invalid': 'The script of a simulated ward does not fit its schema, or the ward cannot play it.',
  'data-missing': 'The data folder lacks files the command needs.',
  'budget-unreachable':
    'No threshold brings the alarms of these recordings near the budget, or they are too short to tell.',
  'training-failed': 'The trainer could not produce a model.',
  'data-unfit':
    'The recordings cannot make a model: too few patients, a channel without values or that never changes, a stay in two parts.',
  'checkpoint-invalid': 'The checkpoint of a training that was ended is damaged, or of another training.',
  'sink-failed': 'A sink refused an output.',
  'kafka-unreachable': 'No broker of the cluster answers, or the connection broke.',
  'kafka-auth': 'The broker refuses the credentials, or the TLS certificates do not fit.',
  'kafka-unauthorised': 'The broker does not let this user do what Vigil needs; the message names the missing right.',
  'kafka-topics': 'A topic is missing, or its partition count, cleanup policy or retention does not fit.',
  'kafka-unsupported': 'The broker is too old, or lacks what exactly-once delivery needs.',
  'kafka-fenced': 'Another process owns this partition now; what was not committed is worked again there.',
  'kafka-failed': 'The broker refused a request for another reason.',
  'broker-unavailable':
    'No Kafka broker for tests, benches or a person can be had; the message names each way that was tried.',
  'broker-failed': 'The Kafka broker for tests, benches or a person did not start, or cannot do what was asked of it.',
  'alert-differs': 'A stored alert is not what is recomputed from its evidence; the step that differs is named.',
  'bench-partial':
    'A bench was interrupted, or some of several failed; what was measured is printed or kept, and marked as partial.',
  'chaos-differs':
    'What was said and remembered under faults is not what an undisturbed run says; the report names what and where.',
  'state-unreadable': 'A saved state record is damaged, or of a layout that this build does not know.',
  'vault-held': 'Another process writes the vault of identities: one gateway, one file.',
  'vault-unusable': 'The vault of identities at the edge cannot be read or written.',
  'hl7-framing': 'An HL7 sender sent too long a message, or bytes that are no MLLP; its connection was ended.',
  internal: 'A defect of Vigil; please report it.',
} as const
export type ErrorCode = keyof typeof ERROR_CODES

/** A broken world: something outside the data that makes work impossible. Never names a patient. */
export class VigilError extends Error {
  override readonly name = 'VigilError'
  readonly code: ErrorCode
  /** whether the same call may succeed later */
  readonly retriable: boolean
  /** the file, setting or address in question */
  readonly place: string | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: { retriable?: boolean; place?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retriable = options.retriable ?? false
    this.place = options.place
  }
}
