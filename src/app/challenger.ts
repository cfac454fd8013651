import { SHIPPED_MODELS } from '../app.ts'
import { readAliases } from '../inference/registry/aliases.ts'
import type { Settings } from '../vitals/settings.ts'

/** NAME@VERSION of what the registry calls the challenger of a model; undefined where nothing is to run in shadow. */
export async function challengerOf(
  { shadow, dir = SHIPPED_MODELS }: Settings['models'],
  name: string,
): Promise<string | undefined> {
  const version = shadow ? (await readAliases(dir))[name]?.['challenger'] : undefined
  return version === undefined ? undefined : `${name}@${version}`
}
