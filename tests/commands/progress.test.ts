import { describe, expect, it } from 'vitest'
import { progressLine } from '../../src/commands/progress.ts'

function terminal(isTTY: boolean) {
  const lines: string[] = []
  const stream = { isTTY, columns: 20, write: (text: string) => lines.push(text) > 0 }
  return { lines, stream }
}

describe('progress', () => {
  it('writes one line over itself, no wider than the terminal and not too often, and takes it away at the end', () => {
    const { lines, stream } = terminal(true)
    let now = 0
    const progress = progressLine(stream, () => now)
    for (; now <= 500; now += 50) progress.tell(() => `${now} frames of a very long recording`)
    progress.clear()
    expect(lines).toEqual([
      '\r\u001b[2K0 frames of a very ',
      '\r\u001b[2K200 frames of a ver',
      '\r\u001b[2K400 frames of a ver',
      '\r\u001b[2K',
    ])
  })

  it('is silent, and computes nothing, where there is no terminal', () => {
    const { lines, stream } = terminal(false)
    const progress = progressLine(stream, () => 0)
    progress.tell(() => {
      throw new Error('asked')
    })
    progress.clear()
    expect(lines).toEqual([])
  })
})
