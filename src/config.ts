import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { VigilError } from './errors.ts'
import { Settings } from './vitals/settings.ts'

const PREFIX = 'VIGIL_'
/** Variables of ours that set nothing of the service: where the broker keeps its download, and where tests find data. */
const NO_SETTING: ReadonlySet<string> = new Set(['VIGIL_CACHE', 'VIGIL_DATA'])

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Settings from a YAML or JSON file and the environment: `VIGIL_HTTP_PORT=0` sets `http.port`, whatever the file says.
 * @throws VigilError `config-invalid` with the path, the rule and the value
 */
export function loadSettings(file: string | undefined, env: Environment): Settings {
  const { merged, from } = withEnvironment(file === undefined ? {} : readFile(file), env)
  const parsed = Settings.safeParse(merged)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((issue) => complaint(issue, merged))
  const places = parsed.error.issues.map(({ path }) => from.get(path.slice(0, 2).join('.')) ?? file ?? 'environment')
  throw new VigilError('config-invalid', lines.join('; '), { place: [...new Set(places)].join(', ') })
}

/** One setting as an operator meets it. */
export interface SettingRow {
  /** [section, key] */
  readonly path: readonly [string, string]
  /** the environment variable that sets it */
  readonly variable: string
  /** JSON Schema of what may be written */
  readonly schema: z.core.JSONSchema.JSONSchema
  /** what it is when nothing is written; undefined when it then is not set */
  readonly fallback: unknown
}

/** Every setting, in the order of the schema. */
export function settingRows(): SettingRow[] {
  const fallbacks = Settings.parse({}) as Record<string, Record<string, unknown>>
  return Object.entries(Settings.shape).flatMap(([section, group]) =>
    Object.entries(group.unwrap().shape).map(([key, schema]) => ({
      path: [section, key] as const,
      variable: `${PREFIX}${section}_${key.replaceAll(/(?=[A-Z])/g, '_')}`.toUpperCase(),
      schema: z.toJSONSchema(schema, { io: 'input' }),
      fallback: fallbacks[section]?.[key],
    })),
  )
}

function readFile(file: string): Record<string, unknown> {
  let content: unknown
  try {
    content = parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    const why = (cause as Error).message.split('\n', 1)[0]
    throw new VigilError('config-invalid', `the settings cannot be read: ${why}`, { place: file, cause })
  }
  if (content === null) return {}
  if (typeof content !== 'object' || Array.isArray(content)) {
    const found = Array.isArray(content) ? 'a list' : typeof content
    throw new VigilError('config-invalid', `settings are an object, not ${found}`, { place: file })
  }
  // a section whose every line is commented out is there, and null
  return Object.fromEntries(
    Object.entries(content).filter(([section, group]) => group !== null || !Object.hasOwn(Settings.shape, section)),
  )
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

/** The file's settings with those of the environment over them, and which variable a path was set from. */
function withEnvironment(base: Record<string, unknown>, env: Environment) {
  const merged = structuredClone(base)
  const from = new Map<string, string>()
  const known = new Map(settingRows().map((setting) => [setting.variable, setting]))
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || text === undefined) continue
    if (NO_SETTING.has(name) || isServiceLink(name, text)) continue
    const setting = known.get(name)
    if (setting === undefined) {
      throw new VigilError('config-invalid', `the environment variable ${name} sets no known setting`, { place: name })
    }
    const [section, key] = setting.path
    const group = merged[section] ?? {}
    if (typeof group !== 'object' || Array.isArray(group)) continue // the schema refuses the section as it stands
    merged[section] = { ...group, [key]: settingFrom(setting, text) }
    from.set(setting.path.join('.'), name)
  }
  return { merged, from }
}

/** Text stays text where a setting is one (`VIGIL_LIMITS_VERSION=2`); a list may be written with commas; the rest is YAML. */
function settingFrom({ schema, variable }: SettingRow, text: string): unknown {
  if (schema.type === 'string') return text
  let value: unknown
  try {
    value = parse(text)
  } catch (cause) {
    const why = (cause as Error).message.split('\n', 1)[0]
    throw new VigilError('config-invalid', `${variable} is no YAML: ${why}`, { place: variable, cause })
  }
  return schema.type === 'array' && typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value
}

/** Kubernetes tells every pod where a service called `vigil` or `vigil-http` is, in names that begin like ours. */
function isServiceLink(name: string, text: string): boolean {
  return /_SERVICE_HOST$|_SERVICE_PORT(_|$)|_PORT_\d+_(TCP|UDP|SCTP)/.test(name) || /^(tcp|udp|sctp):\/\//.test(text)
}
