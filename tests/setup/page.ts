import { buildCode, buildPage } from '../../scripts/build.js'

/** The browser tests load the built page from the built server. */
export function setup(): void {
  if (!buildCode() || !buildPage()) throw new Error('the build failed; see its messages')
}
