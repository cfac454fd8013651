#!/usr/bin/env node
import { existsSync } from 'node:fs'

const cli = new URL('../dist/cli.js', import.meta.url)
if (existsSync(cli)) {
  await import(cli.href)
} else {
  console.error('vigil: this checkout is not built yet. Run `npm run build`, or `npm start`, which builds and starts.')
  process.exitCode = 1
}
