import { expect, test } from 'vitest'
import { steering } from '../../src/http/steering.ts'

const asked: unknown[] = []
const steer = steering({
  playing: true,
  seek: (at) => asked.push(['seek', at]),
  play: (...how) => void asked.push(['play', ...how]),
})

test.each([
  [{ do: 'play' }, ['play', true]],
  [{ do: 'pause' }, ['play', false]],
  [{ do: 'speed', speed: 8 }, ['play', true, 8]],
  [{ do: 'speed', speed: 'max' }, ['play', true, 'max']],
])('%j is done', async (body, done) => {
  asked.length = 0
  expect(await steer(body)).toEqual({ status: 202, body: { accepted: body.do } })
  expect(asked).toEqual([done])
})

test('a moment is gone to, and the answer says how many were asked for', async () => {
  asked.length = 0
  expect(await steer({ do: 'seek', at: 12 })).toEqual({ status: 202, body: { accepted: 'seek', sought: 1 } })
  expect(asked).toEqual([['seek', 12]])
})

test.each([
  [{ do: 'dance' }, 'do'],
  [{ do: 'seek', at: 'noon' }, 'at'],
  [{ do: 'speed', speed: -1 }, 'speed'],
  [{ do: 'play', now: 1 }, 'now'],
  [null, 'body'],
])('%j is refused, and the field named', async (body, field) => {
  asked.length = 0
  const { status, body: said } = await steer(body)
  expect(status).toBe(400)
  expect(said['error']).toContain(field)
  expect(asked).toEqual([])
})
