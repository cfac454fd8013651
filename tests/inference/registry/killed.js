// Changes a registry and kills itself at the n-th of its writes: `node killed.js N ACTION REGISTRY VERSION`. It ends with
// 0 when there were fewer. A real process, real files, a real SIGKILL; only the counting is put in between.
import fs from 'node:fs'
import fsp from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'

const [at, action, registry = '', version = ''] = process.argv.slice(2)
let left = Number(at)

/** @returns {boolean} whether this is the write to die at */
const now = () => --left === 0
const die = () => process.kill(process.pid, 'SIGKILL')

/**
 * @param {Record<string, any>} owner
 * @param {string} name
 */
function before(owner, name) {
  const real = owner[name]
  owner[name] = function (/** @type {unknown[]} */ ...given) {
    if (now()) die()
    return real.apply(this, given)
  }
}

const probe = await fsp.open(process.execPath, 'r')
const handle = Object.getPrototypeOf(probe)
await probe.close()
for (const name of ['mkdir', 'open', 'rename', 'link', 'rm']) before(fsp, name)
for (const name of ['sync', 'close']) before(handle, name)
const write = handle.writeFile
handle.writeFile = async function (/** @type {string | Uint8Array} */ content) {
  if (now()) die()
  if (now()) {
    // torn: half of it is there
    fs.writeSync(this.fd, Buffer.from(content).subarray(0, content.length >> 1))
    die()
  }
  return write.call(this, content)
}
syncBuiltinESMExports()

const DIST = new URL('../../../dist/inference/registry/', import.meta.url).href
if (action === 'promote') {
  const { promote } = await import(`${DIST}promotion.js`)
  await promote(registry, 'test', version)
} else {
  const { addVersion } = await import(`${DIST}versions.js`)
  await addVersion(join(registry, 'test', version), [
    ['model.onnx', 'a graph'],
    ['manifest.json', '{}'],
  ])
}
