import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { VigilError } from '../errors.ts'

/** What a folder of recordings may hold; WFDB records go by their header, and a segment's header belongs to its record. */
const RECORDING = /((_Numerics\.csv|\.ndjson|\.jsonl|\.hl7|\.mllp|n\.hea)(\.gz|\.zst)?|\.parquet)$/
const MAGIC = /[*?]/

/**
 * The recordings that paths mean: files as they are, folders by the files in them that look like recordings, patterns
 * (`*` and `?` in a name, `**` for any folders) by the files they fit; each by name.
 * @throws VigilError `data-missing` when a path does not exist, or a folder or a pattern gives no recording
 */
export async function findRecordings(paths: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) {
    const kind = await stat(path).catch((cause: unknown) => {
      if (MAGIC.test(path)) return undefined
      throw new VigilError('data-missing', `there is no ${path}`, { place: path, cause })
    })
    if (kind === undefined) found.push(...(await fitting(path)))
    else if (!kind.isDirectory()) found.push(path)
    else {
      const names = (await readdir(path)).filter((name) => RECORDING.test(name)).sort()
      if (names.length === 0) {
        throw new VigilError('data-missing', `${path} holds no recording (*_Numerics.csv, *.ndjson, *.parquet, *.hl7, *n.hea)`, { place: path }) // biome-ignore format: one sentence
      }
      found.push(...names.map((name) => join(path, name)))
    }
  }
  return found
}

/** A name of a pattern as an expression. */
function nameLike(part: string): RegExp {
  const source = part
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 'su')
}

/** The files that fit a pattern, by name. A name that begins with a dot is fitted only by one that says so. */
async function fitting(pattern: string): Promise<string[]> {
  const parts = pattern.split('/')
  const fixed = parts.findIndex((part) => MAGIC.test(part))
  const root = parts.slice(0, fixed).join('/')
  const found = new Set<string>()
  async function walk(folder: string, rest: readonly string[]): Promise<void> {
    const [part, ...below] = rest
    const entries = await readdir(folder === '' ? (pattern.startsWith('/') ? '/' : '.') : folder, { withFileTypes: true }).catch(() => []) // biome-ignore format: one call
    if (part === '**') await walk(folder, below.length === 0 ? ['*'] : below)
    const fits = nameLike(part === '**' ? '*' : part!)
    for (const { name } of entries) {
      if (name.startsWith('.') && !part!.startsWith('.')) continue
      if (!fits.test(name)) continue
      const path = folder === '' && !pattern.startsWith('/') ? name : `${folder}/${name}`
      // a link to a folder is followed where it is named, not where any folder will do
      const kind = part === '**' ? entries.find((it) => it.name === name)! : await stat(path).catch(() => undefined)
      if (kind?.isDirectory() === true) {
        if (part === '**') await walk(path, rest)
        else if (below.length > 0) await walk(path, below)
      } else if (kind?.isFile() === true && part !== '**' && below.length === 0) found.add(path)
    }
  }
  await walk(root, parts.slice(fixed))
  if (found.size === 0) throw new VigilError('data-missing', `no file fits ${pattern}`, { place: pattern })
  return [...found].sort()
}
