import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { parseJson } from './parse.ts'

/** aliases.json: model -> alias -> version */
const Aliases = z.record(z.string(), z.record(z.string(), z.string()))
export type Aliases = z.infer<typeof Aliases>

/** What the registry calls the versions of a model; `champion` serves, `previous` is what a rollback goes back to. */
export interface ModelAliases {
  readonly champion?: string
  /** passed the gate, not promoted: scores in shadow */
  readonly challenger?: string
  readonly previous?: string
}

/** @throws VigilError manifest-invalid when aliases.json does not fit its schema */
export async function readAliases(dir: string): Promise<Aliases> {
  const place = join(dir, 'aliases.json')
  let json: string
  try {
    json = await readFile(place, 'utf8')
  } catch {
    return {}
  }
  return parseJson(Aliases, json, place)
}
