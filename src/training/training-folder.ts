import { join } from 'node:path'

/** Where a model's training keeps what it needs to go on: never a version, for versions do not begin with a dot. */
export function trainingFolder(registry: string, name: string): string {
  return join(registry, name, '.training')
}
