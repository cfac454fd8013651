import type { z } from 'zod'

/** `1st`, `2nd`, `3rd`, `4th`, `11th` ... */
function ordinal(nth: number): string {
  const last = nth % 100 >= 11 && nth % 100 <= 13 ? 0 : nth % 10
  return `${nth}${['th', 'st', 'nd', 'rd'][last] ?? 'th'}`
}

/**
 * What may be said of a name that no contract knows, of a field, a column or a channel. It is not quoted: it may be who
 * somebody is. Its place and its length find it for whoever has the message.
 * @param names all of them in order, as a parsed object has them: those of digits only come first there, whatever the message says
 */
export function unnamed(name: string, names: readonly string[]): string {
  const characters = `${name.length} character${name.length === 1 ? '' : 's'}`
  return /^\d+$/.test(name)
    ? `a name of digits only, ${characters}`
    : `the ${ordinal(names.indexOf(name) + 1)} of ${names.length}, ${characters}`
}

/**
 * What a schema refused, for anybody to read: rules and names of the contract, never a value or a name that it has not.
 * @param root what was held against the schema
 */
export function misfit(
  issue: z.core.$ZodIssue | undefined,
  root: unknown,
): { readonly detail: string; readonly path: string | undefined } {
  if (issue === undefined) return { detail: 'it does not fit', path: undefined }
  const path = issue.path.length === 0 ? undefined : issue.path.join('.')
  if (issue.code !== 'unrecognized_keys') return { detail: issue.message, path }
  let at = root
  for (const key of issue.path) at = (at as Record<PropertyKey, unknown> | undefined)?.[key]
  const names = Object.keys((at ?? {}) as object)
  return { detail: `there is no such field (${issue.keys.map((key) => unnamed(key, names)).join('; ')})`, path }
}
