import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { z } from 'zod'
import { VigilError } from './errors.ts'
import { Settings } from './vitals/settings.ts'

const PREFIX = 'VIGIL_'

/**
 * Settings from a YAML or JSON file and the environment: `VIGIL_HTTP_PORT=0` sets `http.port`, whatever the file says.
 * @throws VigilError `config-invalid` with the path, the rule and the value
 */
export function loadSettings(file: string | undefined, env: Readonly<Record<string, string | undefined>>): Settings {
  const merged = fromEnvironment(file === undefined ? {} : readFile(file), env)
  const parsed = Settings.safeParse(merged)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((issue) => complaint(issue, merged))
  throw new VigilError('config-invalid', lines.join('; '), { place: file ?? 'environment' })
}

function readFile(file: string): Record<string, unknown> {
  let content: unknown
  try {
    content = parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new VigilError('config-invalid', `cannot read ${file}: ${(cause as Error).message}`, { place: file, cause })
  }
  if (content === null) return {}
  if (typeof content === 'object' && !Array.isArray(content)) return content as Record<string, unknown>
  throw new VigilError('config-invalid', `${file}: settings are an object, not ${typeof content}`, { place: file })
}

function complaint(issue: z.core.$ZodIssue, root: unknown): string {
  const path = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `unknown setting "${path === '' ? key : `${path}.${key}`}"`).join('; ')
  }
  let value: unknown = root
  for (const key of issue.path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key]
  return `${path}: ${issue.message} (found ${JSON.stringify(value)})`
}

function fromEnvironment(
  base: Record<string, unknown>,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  const settings = structuredClone(base)
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || text === undefined) continue
    const path = settingPath(name)
    if (path === undefined) {
      throw new VigilError('config-invalid', `the environment variable ${name} sets no known setting`, { place: name })
    }
    const [section, key] = path
    settings[section] = { ...(settings[section] as object | undefined), [key]: parse(text) }
  }
  return settings
}

/** `VIGIL_INFERENCE_MAX_BATCH` -> [inference, maxBatch]; undefined when no setting has this name. */
function settingPath(name: string): [string, string] | undefined {
  const wanted = name.slice(PREFIX.length).replaceAll('_', '').toLowerCase()
  for (const [section, group] of Object.entries(Settings.shape)) {
    for (const key of Object.keys(group.unwrap().shape)) {
      if (`${section}${key}`.toLowerCase() === wanted) return [section, key]
    }
  }
  return undefined
}
