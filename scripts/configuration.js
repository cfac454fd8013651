// The page of settings, from their schema: every one with its variable, default and rule.

/**
 * @typedef {object} SettingRow
 * @property {readonly string[]} path section and key
 * @property {string} variable of the environment
 * @property {any} schema JSON Schema of what may be written
 * @property {unknown} fallback what it is when nothing is written
 */

/** @param {any} schema @returns {string} what may be written, in words */
export function rule(schema) {
  if (schema.enum) return schema.enum.map((/** @type {string} */ it) => `\`${it}\``).join(', ')
  if (schema.type === 'array') return `list of ${rule(schema.items)}`
  if (schema.type === 'object') return 'table'
  if (schema.type === 'string') return 'text'
  const low = schema.minimum ?? schema.exclusiveMinimum
  const bounds = [
    schema.exclusiveMinimum !== undefined ? `above ${low}` : low !== undefined && `from ${low}`,
    schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER && `to ${schema.maximum}`,
  ].filter(Boolean)
  return [schema.type === 'integer' ? 'whole number' : 'number', ...bounds].join(' ')
}

/** @param {SettingRow} row */
function line({ path, variable, schema, fallback }) {
  const value =
    fallback === undefined ? '' : schema.type === 'object' ? 'the table below' : `\`${JSON.stringify(fallback)}\``
  return `| \`${path.join('.')}\` | \`${variable}\` | ${rule(schema)} | ${value} | ${schema.description ?? ''} |`
}

/** @typedef {Readonly<Record<string, { low?: number | undefined, high?: number | undefined, holdSeconds: number, priority: string }>>} Limits by channel */

/** @param {Readonly<Record<string, Limits>>} profiles every profile but the adults' */
function childTable(profiles) {
  const channels = [...new Set(Object.values(profiles).flatMap((limits) => Object.keys(limits)))]
  const names = Object.keys(profiles)
  const cell = (/** @type {Limits[string] | undefined} */ limit) =>
    limit === undefined ? '' : limit.high === undefined ? `from ${limit.low}` : `${limit.low ?? ''} to ${limit.high}`
  return [
    `| channel | ${names.map((name) => `\`${name}\``).join(' | ')} |`,
    `|---|${names.map(() => '---|').join('')}`,
    ...channels.map(
      (name) => `| \`${name}\` | ${names.map((profile) => cell(profiles[profile]?.[name])).join(' | ')} |`,
    ),
  ].join('\n')
}

/**
 * `docs/configuration.md`.
 * @param {readonly SettingRow[]} settings
 * @param {Limits} limits the built-in adult limits
 * @param {Readonly<Record<string, Limits>>} others those of everyone else, by profile
 */
export function configuration(settings, limits, others) {
  return `# Configuration

Written by \`npm run contracts\` from \`src/vitals/settings.ts\`; a test holds them equal. The same as JSON Schema:
[contracts/settings.schema.json](contracts/settings.schema.json), and as a file to begin with: [vigil.example.yaml](../vigil.example.yaml).

\`vigil demo\`, \`vigil replay\` and \`vigil doctor\` take \`--config FILE\`, YAML or JSON. The environment goes over the file, and a
flag over both. Everything has a default: without a file and without variables Vigil runs. An unknown key, a wrong type or
a value out of bounds ends the command at its start with exit code 1, \`config-invalid\`, the path, the rule and what was
found; so does a variable that begins with \`VIGIL_\` and is none of these (what Kubernetes adds for a service of that name
is passed over, and so is \`VIGIL_CACHE\`, the folder of downloads).

In a variable, text is taken as it stands, a list may be written \`a,b\` or \`["a", "b"]\`, and everything else is YAML:
\`VIGIL_LIMITS_ADULT='{spo2: {low: 88}}'\`.

| setting | variable | what | default | meaning |
|---|---|---|---|---|
${settings.map(line).join('\n')}

\`\`\`yaml
# vigil.yaml
http:
  port: 9000
limits:
  set: icu-2-adults      # your own name: alerts say which limits raised them
  version: "3"
  adult:
    spo2: { low: 88 }    # still held 10 s, still of high priority
    resp: { high: null } # no upper limit
    icp: null            # no limit at all
  child:
    child-1-3-years: { hr: { high: 160 } }
  neonate:
    resp: { low: 30, high: 80, priority: high }
\`\`\`

## The built-in adult limits

\`limits.adult\` changes these field by field: a channel or a field that is not named keeps its default, so that one changed
line silences nothing else. A channel that is not in this table gets the fields it names, held 5 s, of medium priority. A
channel that Vigil does not know ends the command.

| channel | low | high | held, s | priority |
|---|---|---|---|---|
${Object.entries(limits)
  .map(
    ([channel, { low, high, holdSeconds, priority }]) =>
      `| \`${channel}\` | ${low ?? ''} | ${high ?? ''} | ${holdSeconds} | ${priority} |`,
  )
  .join('\n')}

## The built-in limits of children

\`limits.child\` and \`limits.neonate\` change these in the same way. Children: the line at which Bedside PEWS gives its most
points (Parshuram, Hutchison, Middaugh, Critical Care 2009, 13:R135, table 1; for temperature its outer band). Neonates (less
than 28 days old): one manufacturer's defaults (Contec CMS8000), without an upper SpO2 limit, which is for infants on oxygen;
breathing and pressures depend on the gestational age. What has no limit here is not limited until a site sets it; asystole
is watched whatever is set. Held as long, and of the same priority, as in adults.

${childTable(others)}
`
}
