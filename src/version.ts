import { readFileSync } from 'node:fs'

/** The version of this Vigil, as its `package.json` says (beside `src/` and `dist/`). */
export const { version: VERSION } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}
