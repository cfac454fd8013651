import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { VigilError } from '../../errors.ts'
import { openAnyModel } from '../model-store.ts'
import { type ModelAliases, readAliases } from './aliases.ts'
import { replaceFile } from './durable.ts'
import { lockFolder } from './lock.ts'

/**
 * Make a version the champion; the champion so far becomes `previous`. A version that is champion stays it.
 * @throws VigilError model-not-found, model-corrupt, manifest-invalid: the version cannot be opened; registry-locked,
 *   registry-unwritable. After any of them the registry is as it was.
 */
export function promote(dir: string, name: string, version: string): Promise<ModelAliases> {
  return change(dir, name, `the promotion of ${name}@${version}`, version, ({ challenger, ...now }) => {
    const rest = challenger === undefined || challenger === version ? {} : { challenger }
    if (now.champion === version) return { ...now, ...rest }
    return { ...rest, champion: version, ...(now.champion === undefined ? {} : { previous: now.champion }) }
  })
}

/**
 * Back to the champion of before; the one that is left becomes `previous`, so that a rollback can be taken back.
 * @throws VigilError model-not-found when there is none, and as `promote`
 */
export async function rollback(dir: string, name: string): Promise<ModelAliases> {
  const { previous } = ((await readAliases(dir))[name] ?? {}) as ModelAliases
  if (previous === undefined) {
    throw new VigilError('model-not-found', `${name} has no previous version to go back to`, { place: dir })
  }
  return change(dir, name, `the rollback of ${name}`, previous, ({ champion, challenger }) => ({
    champion: previous,
    ...(challenger === undefined ? {} : { challenger }),
    ...(champion === undefined ? {} : { previous: champion }),
  }))
}

/** Name the version that scores in shadow, or nobody. @throws VigilError as `promote` */
export function challenge(dir: string, name: string, version: string | undefined): Promise<ModelAliases> {
  return change(dir, name, `the challenge of ${name}`, version, ({ challenger: _, ...now }) =>
    version === undefined ? now : { ...now, challenger: version },
  )
}

/** One change of one model's aliases, made by one writer at a time. @param opened a version that must be whole */
async function change(
  dir: string,
  name: string,
  purpose: string,
  opened: string | undefined,
  to: (now: ModelAliases) => ModelAliases,
): Promise<ModelAliases> {
  // before the lock, so that a registry that is none is not written to
  if (opened !== undefined) await openAnyModel(dir, `${name}@${opened}`)
  const before = ((await readAliases(dir))[name] ?? {}) as ModelAliases
  if (isDeepStrictEqual(to(before), before)) return before
  const lock = await lockFolder(dir, purpose)
  try {
    const all = await readAliases(dir)
    const next = to((all[name] ?? {}) as ModelAliases)
    const text = `${JSON.stringify({ ...all, [name]: next }, null, 1)}\n`
    await replaceFile(join(dir, 'aliases.json'), text, () => lock.held())
    return next
  } finally {
    await lock.release()
  }
}
