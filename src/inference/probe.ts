// One question in a process of its own, because a provider's libraries can end it: does this provider run a graph here?
// Run as `node probe.js PROVIDER`; exits 0 when it does, else 1 with the reason on standard error.
import { softwareAdapterOnly } from './doctor.ts'
import { tryProvider } from './engine.ts'
import { lendSoftware } from './webgpu/software.ts'

const provider = process.argv[2] ?? ''
// a person asks what could run here, by name
if (provider === 'webgpu' && softwareAdapterOnly()) lendSoftware()
try {
  await tryProvider(provider)
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
