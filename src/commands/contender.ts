import { openWard } from '../app.ts'
import type { AtEnd } from '../closing.ts'
import { loadSettings } from '../config.ts'
import { VigilError } from '../errors.ts'
import type { Contender } from '../evaluation/compare/compare.ts'
import { SILENT, withThresholds } from '../evaluation/watched.ts'
import type { Log } from '../log.ts'
import type { ChannelTable } from '../vitals/channels.ts'

/** A settings file, or a model with a policy of its own: `bedside`, `bedside@1.0.1`, `bedside,q=0.01`. */
const FILE = /\.(ya?ml|json)$/
const POLICY = /^([^,]+)(?:,q=([^,]+))?$/

/**
 * A ward by what a person writes for it.
 * @param config settings for everything that the contender does not say itself
 * @throws VigilError usage, and as `openWard`
 */
export async function openContender(
  name: string,
  config: string | undefined,
  log: Log,
  atEnd: AtEnd,
): Promise<Contender & { readonly table: ChannelTable }> {
  const settings = loadSettings(FILE.test(name) ? name : config, process.env)
  let q: number | undefined
  if (!FILE.test(name)) {
    const [, model, said] = POLICY.exec(name) ?? []
    q = said === undefined ? undefined : Number(said)
    if (model === undefined || (q !== undefined && !(q > 0 && q < 1))) {
      throw new VigilError('usage', `${name} is neither a settings file nor a model as NAME, NAME@VERSION or NAME,q=0.01`)
    }
    settings.models.serve = [model]
  }
  const asServed = q === undefined ? undefined : { asServed: (of: Parameters<typeof withThresholds>[0]) => withThresholds(of, { q }) }
  const served = await openWard({ settings, telemetry: SILENT, log, ...asServed })
  atEnd(() => served.close())
  if (q !== undefined && served.detectors.length === 0)
    throw new VigilError('usage', `${name}: q is the threshold of a forecaster, and this is none`)
  return { name, ward: served.ward, table: served.table }
} // biome-ignore format: the policy
