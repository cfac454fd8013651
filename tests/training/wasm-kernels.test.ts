import * as tf from '@tensorflow/tfjs-core'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { random } from '../../src/random.ts'
import { openTrainingEngine } from '../../src/training/engine.ts'

beforeAll(async () => {
  await openTrainingEngine('wasm')
})

const matrices = fc
  .record({ rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 12 }), seed: fc.nat() })
  .chain(({ rows, columns, seed }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      values: fc.constant(Float32Array.from({ length: rows * columns }, random(seed).normal)),
      row: fc.nat({ max: rows - 1 }),
      column: fc.nat({ max: columns - 1 }),
    }),
  )

/** The part of a matrix from a row and a column on, by hand. */
function part(values: Float32Array, columns: number, [row, column]: number[], [rows, width]: number[]): number[] {
  return Array.from({ length: rows! * width! }, (_, i) => {
    return values[(row! + Math.floor(i / width!)) * columns + column! + (i % width!)]!
  })
}

test('any part of a matrix is what stands there', () => {
  fc.assert(
    fc.property(matrices, fc.nat(), fc.nat(), ({ rows, columns, values, row, column }, height, width) => {
      const size = [1 + (height % (rows - row)), 1 + (width % (columns - column))]
      tf.tidy(() => {
        const found = tf.slice(tf.tensor2d(values, [rows, columns]), [row, column], size)
        expect(found.shape).toEqual(size)
        expect(Array.from(found.dataSync())).toEqual(part(values, columns, [row, column], size))
      })
    }),
  )
})

test('a matrix falls into parts along either axis', () => {
  fc.assert(
    fc.property(matrices, ({ rows, columns, values, row, column }) => {
      tf.tidy(() => {
        const x = tf.tensor2d(values, [rows, columns])
        const [above, below] = tf.split(x, [row, rows - row], 0)
        expect(Array.from(above!.dataSync())).toEqual(part(values, columns, [0, 0], [row, columns]))
        expect(Array.from(below!.dataSync())).toEqual(part(values, columns, [row, 0], [rows - row, columns]))
        const [left, right] = tf.split(x, [column, columns - column], 1)
        expect(Array.from(left!.dataSync())).toEqual(part(values, columns, [0, 0], [rows, column]))
        expect(Array.from(right!.dataSync())).toEqual(part(values, columns, [0, column], [rows, columns - column]))
      })
    }),
  )
})

test('other tensors are cut as ever, and an engine that is opened again cuts no other way', async () => {
  const kernel = tf.getKernel('Slice', 'wasm')
  await openTrainingEngine('wasm')
  expect(tf.getKernel('Slice', 'wasm')).toBe(kernel)
  tf.tidy(() => {
    const list = tf.tensor1d([1, 2, 3, 4])
    expect(Array.from(tf.slice(list, [1], [2]).dataSync())).toEqual([2, 3])
    const whole = tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32')
    expect(Array.from(tf.slice(whole, [0, 1], [2, 1]).dataSync())).toEqual([2, 4])
    const [first, second] = tf.split(tf.tensor3d([1, 2, 3, 4], [1, 2, 2]), 2, 2)
    expect([first!, second!].map((it) => Array.from(it.dataSync()))).toEqual([
      [1, 3],
      [2, 4],
    ])
  })
})
