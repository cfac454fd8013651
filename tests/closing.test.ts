import { expect, test } from 'vitest'
import { withClosing } from '../src/closing.ts'

test('what was opened is closed last first, and the result comes through', async () => {
  const closed: number[] = []
  const result = await withClosing(async (atEnd) => {
    atEnd(() => void closed.push(1))
    atEnd(async () => void closed.push(2))
    return 'done'
  })
  expect(result).toBe('done')
  expect(closed).toEqual([2, 1])
})

test('work that fails closes everything and throws its own error, whatever closing says', async () => {
  const closed: number[] = []
  const work = withClosing(async (atEnd) => {
    atEnd(() => void closed.push(1))
    atEnd(() => {
      throw new Error('of closing')
    })
    throw new Error('of the work')
  })
  await expect(work).rejects.toThrow('of the work')
  expect(closed).toEqual([1])
})

test('a close that fails is thrown once the others are closed', async () => {
  const closed: number[] = []
  const work = withClosing(async (atEnd) => {
    atEnd(() => void closed.push(1))
    atEnd(() => Promise.reject(new Error('of closing')))
  })
  await expect(work).rejects.toThrow('of closing')
  expect(closed).toEqual([1])
})
