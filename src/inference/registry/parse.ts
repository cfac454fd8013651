import type { z } from 'zod'
import { VigilError } from '../../errors.ts'

/** @throws VigilError manifest-invalid with the path, the rule and the value */
export function parseJson<T>(schema: z.ZodType<T>, json: string, place: string): T {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    throw new VigilError('manifest-invalid', 'is not JSON', { place, cause })
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  const path = issue.path.join('.') || '(root)'
  throw invalid(place, `${path}: ${issue.message}, not ${JSON.stringify(at(value, issue.path))?.slice(0, 80)}`)
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value)
}

export function invalid(place: string, message: string): VigilError {
  return new VigilError('manifest-invalid', message, { place })
}
