import { existsSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Where Chromium and its relatives keep SwiftShader, a software Vulkan driver, with the loader beside it. */
const SWIFTSHADER = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/opt/google/chrome',
  '/usr/lib64/chromium-browser',
]
const MANIFEST = 'vk_swiftshader_icd.json'
/** dlopen's flag that keeps a library loaded; Node does not name it. */
const RTLD_NODELETE = 0x1000

/** The driver file of a software GPU here; undefined where there is none. */
export function softwareDriver(): string | undefined {
  return process.env['VK_ICD_FILENAMES'] ?? SWIFTSHADER.map((dir) => join(dir, MANIFEST)).find(existsSync)
}

/**
 * Put Chromium's SwiftShader where Dawn looks for a driver, in this process. The Vulkan loader is found by its name, which
 * works once a library of that name is in the process: Chromium brings one where Debian's libvulkan1 is not installed.
 * @returns false where there is no such driver
 */
export function lendSoftware(): boolean {
  process.env['XDG_RUNTIME_DIR'] ??= tmpdir()
  const manifest = softwareDriver()
  if (manifest === undefined) return false
  process.env['VK_ICD_FILENAMES'] = manifest
  const loader = join(dirname(manifest), 'libvulkan.so.1')
  if (existsSync(loader)) {
    try {
      process.dlopen({ exports: {} }, loader, constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE)
    } catch {
      // it is no addon, and says so after it was loaded
    }
  }
  return true
}
