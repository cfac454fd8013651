import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { vigil } from './vigil.ts'

test('onnxruntime keeps no usage data: nothing of it appears in the home or temporary folder', async () => {
  const home = await mkdtemp(join(tmpdir(), 'vigil-home-'))
  try {
    // onnxruntime is silent by itself where it sees a CI; a ward is none
    const env = { HOME: home, TMPDIR: home, XDG_CACHE_HOME: home, CI: '', ORT_DISABLE_TELEMETRY: '' }
    const { code } = await vigil(['replay', 'examples/recordings', '--json'], env)
    expect(code).toBe(0)
    expect(await readdir(home)).toEqual([])
  } finally {
    await rm(home, { recursive: true })
  }
})
