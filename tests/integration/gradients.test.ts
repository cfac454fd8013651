import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { vigil } from './vigil.ts'

describe('vigil gradients', () => {
  it('prints one JSON object, `lstm` being all four, and writes the figure', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'vigil-gradients-'))
    try {
      const out = path.join(dir, 'reach.svg')
      const flags = ['--cells', 'tanh,lstm', '--gaps', '1,5', '--seeds', '1', '--out', out, '--json']
      const { code, stdout, stderr } = await vigil(['gradients', ...flags])
      expect([code, stderr]).toEqual([0, ''])
      const { cells } = JSON.parse(stdout) as { cells: Record<string, Record<string, number>> }
      expect(Object.keys(cells)).toEqual(['tanh', 'lstm-bf0', 'lstm-bf1', 'lstm-bf3', 'lstm-bf5'])
      for (const reach of Object.values(cells)) {
        expect(Object.keys(reach)).toEqual(['1', '5'])
        expect(Object.values(reach).every(Number.isFinite)).toBe(true)
      }
      expect(await readFile(out, 'utf8')).toMatch(/^<svg.*LSTM, forget bias 5.*<\/svg>\n$/s)
    } finally {
      await rm(dir, { recursive: true })
    }
  })

  it('prints a table for people, all cells by default', async () => {
    const { code, stdout } = await vigil(['gradients', '--gaps', '1', '--seeds', '1'])
    expect(code).toBe(0)
    const names = stdout.split('\n').map((line) => line.split(' ')[0])
    expect(names).toEqual([
      'gap',
      'sigmoid',
      'tanh',
      'relu',
      'relu-identity',
      'lstm-bf0',
      'lstm-bf1',
      'lstm-bf3',
      'lstm-bf5',
      '',
    ])
  })

  it('trains the adding problem, progress on standard error', async () => {
    const flags = ['--adding', '6', '--updates', '100', '--cells', 'lstm-chrono,tanh', '--json']
    const { code, stdout, stderr } = await vigil(['gradients', ...flags])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      adding: {
        steps: 6,
        alwaysOne: expect.closeTo(1 / 6, 1),
        cells: {
          tanh: { meanSquaredError: expect.any(Number), updates: 100 },
          'lstm-chrono': { meanSquaredError: expect.any(Number), updates: 100 },
        },
      },
    })
    expect(stderr).toMatch(/^tanh: update 100, mean squared error 0\.\d{4}\nlstm-chrono: update 100, .*\n$/)
  })

  it.each([
    [['--cells', 'gru'], 'no cell is named gru'],
    [['--cells', 'lstm-chrono'], 'no cell is named lstm-chrono'],
    [['--gaps', '0'], 'at least 1'],
    [['--gaps', ''], 'at least 1'],
    [['--adding', '1'], 'at least 2'],
    [['--adding', '9', '--gaps', '3'], 'cannot be used with'],
  ])('%j is bad usage', async (flags, why) => {
    const { code, stdout, stderr } = await vigil(['gradients', ...flags])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(why)
  })

  it('says which file it could not write', async () => {
    const { code, stderr } = await vigil(['gradients', '--cells', 'relu', '--gaps', '1', '--seeds', '1', '--out', '/'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^vigil: sink-failed: the figure cannot be written.*\(\/\)\n$/)
  })
})
