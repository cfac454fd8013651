import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GateVerdict } from '../../vitals/gate-verdict.ts'
import { parseJson } from './parse.ts'

/**
 * What the gate found of a version; undefined for one that was never in it.
 * @param dir folder of the version
 * @throws VigilError manifest-invalid when verdict.json does not fit its schema
 */
export async function readVerdict(dir: string): Promise<GateVerdict | undefined> {
  const place = join(dir, 'verdict.json')
  let json: string
  try {
    json = await readFile(place, 'utf8')
  } catch {
    return undefined
  }
  return parseJson(GateVerdict, json, place)
}
