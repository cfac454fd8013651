import type { z } from 'zod'
import { VigilError } from '../errors.ts'
import { Settings } from '../vitals/settings.ts'

export interface LibrarySettings {
  /** models that watch every bed, NAME or NAME@VERSION; those of the settings unless told */
  readonly models?: readonly string[]
  /** the registry, a folder; the shipped models unless told */
  readonly modelsDir?: string
  /** settings as in `vigil.yaml` (docs/configuration.md): limits, alerts, inference ... */
  readonly settings?: z.input<typeof Settings>
}

/** @throws VigilError config-invalid with the path and the rule */
export function settingsOf({ models, modelsDir, settings = {} }: LibrarySettings): Settings {
  // a library says nothing on standard error unless something is wrong
  const parsed = Settings.safeParse({ ...settings, log: { level: 'warn', ...settings.log } })
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw new VigilError('config-invalid', issue.message, { place: issue.path.join('.') })
  }
  const told = parsed.data
  if (models !== undefined) told.models.serve = [...models]
  if (modelsDir !== undefined) told.models.dir = modelsDir
  return told
}
