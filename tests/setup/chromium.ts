import { type Browser, chromium } from 'playwright-core'

/** Nothing that talks to anyone but the page under test; no sandbox, which root in a container cannot have. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Start the Chromium that the test set-up found. @throws when there is none */
export function launchChromium(): Promise<Browser> {
  const executablePath = process.env['VIGIL_CHROMIUM']
  if (!executablePath) throw new Error('VIGIL_CHROMIUM is not set: no Chromium was found (scripts/browser.js)')
  return chromium.launch({ executablePath, headless: true, args: FLAGS })
}
