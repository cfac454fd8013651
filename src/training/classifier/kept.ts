import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VigilError } from '../../errors.ts'
import { sha256 } from '../bundle.ts'
import { arrayLengths, type ClassifierShape, type ClassifierWeights, classifierArrays, classifierOf } from './shape.ts'

/** One fitted network. */
export interface FittedMember {
  readonly weights: ClassifierWeights
  readonly updates: number
}

/**
 * A network out of the folder of finished ones, or fitted and put there: a training that was ended goes on where it was, and
 * gives the same, for every network has a source of randomness of its own.
 * @param dir undefined: nothing is kept
 * @param key all that decides the network: recipe, data, patients, seed
 * @throws VigilError sink-failed when the folder cannot be written
 */
export async function keptOr(
  dir: string | undefined,
  key: unknown,
  shape: ClassifierShape,
  make: () => FittedMember,
): Promise<FittedMember> {
  if (dir === undefined) return make()
  const path = join(dir, `${sha256(JSON.stringify(key)).slice(0, 24)}.network`)
  const kept = await readFile(path).catch(() => undefined)
  if (kept !== undefined) return decode(kept, shape)
  const fitted = make()
  try {
    await mkdir(dir, { recursive: true })
    // whole or not at all
    await writeFile(`${path}.part`, encode(fitted))
    await rename(`${path}.part`, path)
  } catch (cause) {
    throw new VigilError('sink-failed', 'a finished network cannot be kept there', { place: dir, cause })
  }
  return fitted
}

/** Updates, then the arrays one after the other, float32. */
function encode({ weights, updates }: FittedMember): Uint8Array {
  const arrays = classifierArrays(weights)
  const all = new Float32Array(1 + arrays.reduce((sum, array) => sum + array.length, 0))
  all[0] = updates
  let at = 1
  for (const array of arrays) {
    all.set(array, at)
    at += array.length
  }
  return new Uint8Array(all.buffer)
}

function decode(bytes: Uint8Array, shape: ClassifierShape): FittedMember {
  const all = new Float32Array(bytes.slice().buffer)
  let at = 1
  const arrays = arrayLengths(shape).map((length) => {
    const array = all.slice(at, at + length)
    at += length
    return array
  })
  return { weights: classifierOf(shape, arrays), updates: all[0]! }
}
