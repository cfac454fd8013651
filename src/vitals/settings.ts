import { z } from 'zod'
import { ADULT_LIMITS, LimitChanges, LimitProfile, withChanges } from './limits.ts'

const seconds = z.number().positive()

/** Every setting of Vigil. Unknown keys fail at start; environment `VIGIL_A_B` overrides `a.b`. */
export const Settings = z.strictObject({
  models: z
    .strictObject({
      dir: z.string().optional().describe('the model registry, a directory; the shipped models when absent'),
      serve: z.array(z.string()).min(1).default(['bedside']).describe('models that raise alerts: NAME or NAME@VERSION'),
    })
    .prefault({}),
  inference: z
    .strictObject({
      providers: z.array(z.enum(['cpu', 'webgpu', 'cuda'])).min(1).default(['cpu']).describe('tried one at a time, in this order'),
      threads: z.int().min(1).max(64).default(1).describe('intra-op threads of one step worker'),
      maxBatch: z.int().min(1).max(65536).default(1024).describe('patients of one step at most'),
      maxWaitMs: z.number().min(0).max(1000).default(2).describe('how long a frame may wait for others'),
    })
    .prefault({}),
  stream: z
    .strictObject({
      aheadSeconds: seconds.default(60).describe('an event time further ahead of the patient\'s clock is set aside'),
      agreeing: z.int().min(2).max(8).default(3).describe('set-aside readings that must agree to move the clock'),
      signalLostSeconds: seconds.default(30).describe('wall-clock silence of a bed after which it is blind'),
      staleSeconds: seconds.default(30).describe('age at which a continuous channel of the model counts as missing'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      set: z.string().default('adult-manufacturers').describe('name of this set of limits, as alerts give it; name your own when you change `adult`'),
      version: z.string().default('1').describe('version of the set, as alerts give it'),
      adult: LimitChanges.prefault({}).transform((changes) => withChanges(ADULT_LIMITS, changes)).pipe(LimitProfile)
        .describe('changes to the built-in adult limits, field by field: what is not named keeps its default; `low: null` or `high: null` takes one side away, `CHANNEL: null` the whole limit'),
    })
    .prefault({}),
  alerts: z
    .strictObject({
      clearSeconds: seconds.default(30).describe('hysteresis: how long a condition must be gone before its alert ends'),
      continueSeconds: seconds.default(300).describe('an active alert is re-sent this often'),
    })
    .prefault({}),
  http: z
    .strictObject({
      host: z.string().default('127.0.0.1').describe('address to listen on; a loopback address answers only to the names of this machine').describe('address to listen on; the page and its streams have no log-in, so keep it behind one'),
      port: z.int().min(0).max(65535).default(8080).describe('0 takes a free one'),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('debug may name patients; the others never do') })
    .prefault({}),
}) // biome-ignore format: one setting, one line
export type Settings = z.infer<typeof Settings>
