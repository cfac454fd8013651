import type { Log } from '../log.ts'
import type { KafkaTelemetry } from '../stream/ports.ts'
import type { Ward } from '../stream/ward.ts'
import type { Settings } from '../vitals/settings.ts'
import type { Decode } from './intake.ts'
import type { KafkaClient } from './port.ts'
import type { PromotionOptions } from './promotions.ts'

export interface KafkaWardOptions {
  readonly client: KafkaClient
  readonly ward: Ward
  readonly settings: Settings['kafka']
  /** partitions of the readings, and of every topic beside them */
  readonly partitions: number
  /** inputs of one flush of the pipeline, about */
  readonly maxBatch: number
  readonly decode: Decode
  /** decodes encounters and acknowledgements, by topic */
  readonly controls: ReadonlyMap<string, Decode>
  /** which versions of the models watch; undefined: those of the settings, for ever */
  readonly promotions?: Omit<PromotionOptions, 'client' | 'ward' | 'decode' | 'log' | 'now'>
  readonly telemetry: KafkaTelemetry
  readonly log: Log
  /** wall clock, ms */
  readonly now: () => number
}
