import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { listModels, openAnyModel } from '../../src/inference/model-store.ts'
import { encodeModel } from '../../src/onnx/proto.ts'
import { stepGraph } from '../../src/training/onnx/graph.ts'
import { smallWeights } from '../training/small-network.ts'

const run = promisify(execFile)
const VENV = join('.cache', 'onnx-checker')
const PYTHON = join(VENV, 'bin', 'python')
const READY = join(VENV, 'ready')

/** full_check also infers every shape; the last line is what a reader of the file without its manifest sees */
const CHECK = `
import sys, onnx
model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
print({p.key: p.value for p in model.metadata_props}['channels'], model.opset_import[0].version, model.ir_version)
`

/** Python's onnx in a virtual environment of its own, made once. */
async function installChecker(): Promise<void> {
  if (existsSync(READY)) return
  await run('python3', ['-m', 'venv', VENV])
  await run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'onnx==1.17.0'])
  await writeFile(READY, '')
}

const wanted = Boolean(process.env['CI']) || existsSync(READY)
if (!wanted) process.stdout.write('skipped: the ONNX checker is installed with pip only in CI\n')

describe.runIf(wanted)("Python's ONNX checker", () => {
  it('accepts both forms of the exported graph and every committed model', async () => {
    await installChecker()
    const dir = await mkdtemp(join(tmpdir(), 'vigil-onnx-'))
    try {
      const shape = { features: 16, hidden: 8, layers: 2, channels: 4, horizons: 3 }
      const floor = new Float32Array(4).fill(0.03)
      for (const form of ['lstm-operator', 'plain-products'] as const) {
        const about = { name: 'checked', producer: 'vigil', metadata: { channels: 'hr,spo2' } }
        const file = join(dir, `${form}.onnx`)
        await writeFile(file, encodeModel(stepGraph(shape, smallWeights(shape, 1), floor, form, about)))
        const { stdout } = await run(PYTHON, ['-c', CHECK, file])
        expect(stdout.trim()).toBe('hr,spo2 17 8')
      }
      const shipped = await listModels('models')
      expect(shipped.map(({ name }) => name)).toEqual(expect.arrayContaining(['bedside', 'mortality', 'sepsis']))
      for (const { name, version, dir: folder } of shipped) {
        const { stdout } = await run(PYTHON, ['-c', CHECK, join(folder, 'model.onnx')])
        const { manifest } = await openAnyModel('models', `${name}@${version}`)
        expect(stdout.trim()).toBe(`${manifest.channels.join(',')} ${manifest.graph.opset} 8`)
      }
    } finally {
      await rm(dir, { recursive: true })
    }
  }, 300_000)
})
