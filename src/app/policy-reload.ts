import type { Log } from '../log.ts'
import type { PolicyTelemetry } from '../stream/ports.ts'
import type { Ward } from '../stream/ward.ts'
import type { PolicySettings } from '../vitals/policy.ts'
import type { Settings } from '../vitals/settings.ts'

export interface PolicyReload {
  readonly ward: Ward
  /** the settings that the process runs with */
  readonly settings: Settings
  /** puts every partition under another policy, between two flushes */
  readonly change: (settings: PolicySettings) => Promise<void>
  readonly telemetry: PolicyTelemetry
  readonly log: Log
}

/**
 * Read the settings again: other limits and alert rules hold from here on, everything else takes a restart. What cannot be
 * read or held changes nothing, and is said loudly.
 * @param load reads them. @throws VigilError
 */
export async function reloadPolicy(
  { ward, settings, change, telemetry, log }: PolicyReload,
  load: () => Settings,
): Promise<void> {
  try {
    const read = load()
    const rest = Object.keys(settings).filter((it) => it !== 'limits' && it !== 'alerts') as (keyof Settings)[]
    const other = rest.filter((section) => JSON.stringify(read[section]) !== JSON.stringify(settings[section]))
    if (other.length > 0) log.warn({ sections: other }, 'these settings changed too: they hold after a restart')
    const before = ward.policies.current.id
    await change(read)
    const { id, limits } = ward.policies.current
    const { set, version } = limits
    telemetry.reloaded(id === before ? 'same' : 'changed')
    if (id === before) log.info({ policy: id }, 'limits and alert rules are as they were')
    else log.warn({ policy: id, before, set, version }, 'other limits and alert rules hold from here on')
  } catch (error) {
    telemetry.reloaded('refused')
    const { code = 'internal', message, place } = error as { code?: string; message: string; place?: string }
    log.error(
      { code, place, policy: ward.policies.current.id },
      `the new settings are refused, the old ones hold: ${message}`,
    )
  }
}
