import { buildCode } from '../../scripts/build.js'

/** Worker threads run compiled code: `dist/` is made current before the first test. */
export function setup(): void {
  if (!buildCode()) console.warn('src/ does not compile cleanly; tests that start worker threads may run old code')
}
