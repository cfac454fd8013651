import { buildCode, buildPage } from '../../scripts/build.js'

/** The browser tests load the built page from the built server. */
export function setup(): void {
  if (!buildCode() || !buildPage()) console.warn('the build failed; the browser tests may see an old page')
}
