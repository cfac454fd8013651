import { withClosing } from '../../closing.ts'
import type { Log } from '../../log.ts'
import type { Settings } from '../../vitals/settings.ts'
import { benchSettings } from '../kafka-ward.ts'
import { NO_NETWORK, type RanShape } from '../shape.ts'
import type { Fanned, FanoutFlags, Webhooks } from './fanned.ts'
import { fanoutSse } from './sse.ts'
import { fanoutWebhooks } from './webhooks.ts'

export interface FanoutBench extends RanShape, FanoutFlags {
  readonly sse: Fanned
  readonly webhooks: Webhooks
}

/** Every alert to every subscriber of the event stream, and then to every webhook, one of which is away for a while. */
export function benchFanout(
  { settings, log }: { settings: Settings; log: Log },
  flags: FanoutFlags,
): Promise<FanoutBench> {
  return withClosing(async (atEnd) => {
    const { partitions } = flags
    const own = await benchSettings(settings, atEnd)
    const sse = await fanoutSse(log, flags)
    const webhooks = await fanoutWebhooks((what) => own(what, partitions), log, flags)
    return { ...flags, sse, webhooks, ...NO_NETWORK }
  })
}
