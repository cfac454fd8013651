// Writes what Vigil promises to others, from the code that keeps it: JSON Schemas, the tables of errors and of settings,
// and what is drawn of its metrics.
// `--check` writes nothing and fails where a file differs. `--release` also keeps them as those of the last release, which later ones
// are held against (`scripts/compatibility.js`).
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { configuration } from './configuration.js'
import { dashboards } from './dashboards.js'
import { example } from './example.js'
import { filesBelow } from './files.js'
import { ROOT } from './setup.js'

/** @param {Readonly<Record<string, string>>} table @param {string} head @returns {string} a Markdown table */
const table = (table, head) =>
  [
    `| ${head} | meaning |`,
    '|---|---|',
    ...Object.entries(table).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
  ].join('\n')

/**
 * The generated documents: path relative to the root -> text.
 * @param {ReadonlyMap<string, unknown>} schemas of `src/vitals/contracts.ts`, and the documents of HTTP and of the topics
 * @param {Readonly<Record<string, string>>} errorCodes of `src/errors.ts`
 * @param {Readonly<Record<string, string>>} rejectionReasons of `src/vitals/rejection.ts`
 * @param {string} settings the page of settings
 * @returns {Map<string, string>}
 */
export function documents(schemas, errorCodes, rejectionReasons, settings) {
  const errors = `# Errors and rejections

Written by \`npm run contracts\` from \`src/errors.ts\` and \`src/vitals/rejection.ts\`; a test holds them equal.

## Errors

A broken world: something outside the data makes the work impossible. An error carries a \`code\`, whether it is
\`retriable\`, and the \`place\` (file, setting or address). A command that ends with one exits with 1.

${table(errorCodes, 'code')}

## Rejections

Bad data is a value, not an error: the message is counted by reason in \`vigil_rejections_total\`, goes to the
dead letters with its line and column, and every good reading around it is still scored.

${table(rejectionReasons, 'reason')}
`
  return new Map([
    ['docs/errors.md', errors],
    ['docs/configuration.md', settings],
    ...[...schemas].map(
      ([name, schema]) => /** @type {const} */ ([`docs/contracts/${name}`, `${JSON.stringify(schema, null, 2)}\n`]),
    ),
    ...[...dashboards()].map(
      ([name, dashboard]) =>
        /** @type {const} */ ([`deploy/grafana/dashboards/${name}`, `${JSON.stringify(dashboard, null, 2)}\n`]),
    ),
  ])
}

/** The contracts of the last release, in one file. */
export const RELEASED = 'tests/fixtures/contracts/released.json'

/**
 * The generated documents that differ from the committed ones, and committed ones that nothing generates any more.
 * @param {ReadonlyMap<string, string>} documents
 * @returns {string[]} paths
 */
export function differing(documents) {
  const changed = [...documents.keys()].filter(
    (path) => !existsSync(join(ROOT, path)) || readFileSync(join(ROOT, path), 'utf8') !== documents.get(path),
  )
  const there = ['docs/contracts', 'deploy/grafana/dashboards'].flatMap((folder) => filesBelow(folder))
  return [...changed, ...there.filter((path) => !documents.has(path))]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  /** @param {string} path below dist/ */
  const compiled = (path) => import(pathToFileURL(join(ROOT, 'dist', path)).href)
  const [
    { contracts },
    { openApi },
    { asyncApi },
    { ERROR_CODES },
    { REJECTION_REASONS },
    { settingRows },
    { ADULT_LIMITS },
    children,
  ] = await Promise.all([
    compiled('vitals/contracts.js'),
    compiled('http/openapi.js'),
    compiled('kafka/asyncapi.js'),
    compiled('errors.js'),
    compiled('vitals/rejection.js'),
    compiled('config.js'),
    compiled('vitals/limits.js'),
    compiled('vitals/profile-limits.js'),
  ])
  const others = { ...children.CHILD_LIMITS, neonate: children.NEONATE_LIMITS }
  const settings = configuration(settingRows(), ADULT_LIMITS, others)
  const schemas = new Map([...contracts(), ['openapi.json', openApi()], ['asyncapi.json', asyncApi()]])
  const generated = documents(schemas, ERROR_CODES, REJECTION_REASONS, settings)
  generated.set('vigil.example.yaml', example(settingRows()))
  const differences = differing(generated)
  if (process.argv.includes('--check')) {
    for (const path of differences) console.error(`${path} is not what the code says; run \`npm run contracts\``)
    console.log(`contracts: ${generated.size} documents, ${differences.length} differ`)
    process.exitCode = differences.length === 0 ? 0 : 1
  } else {
    for (const path of differences) {
      const text = generated.get(path)
      if (text === undefined) rmSync(join(ROOT, path))
      else {
        mkdirSync(dirname(join(ROOT, path)), { recursive: true })
        writeFileSync(join(ROOT, path), text)
      }
      console.log(`${text === undefined ? 'removed' : 'wrote'} ${path}`)
    }
    if (process.argv.includes('--release')) {
      const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
      mkdirSync(dirname(join(ROOT, RELEASED)), { recursive: true })
      writeFileSync(join(ROOT, RELEASED), `${JSON.stringify({ version, documents: Object.fromEntries(schemas) })}\n`)
      console.log(`wrote ${RELEASED}, ${version}`)
    }
  }
}
