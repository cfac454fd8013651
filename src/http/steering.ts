import { z } from 'zod'
import type { ActionAnswer } from '../stream/ports.ts'

/** What whoever watches a recording may ask for. */
export const SteeringRequest = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('seek'), at: z.number().describe('event time, ms since 1970') }),
  z.strictObject({ do: z.literal('play') }),
  z.strictObject({ do: z.literal('pause') }),
  z.strictObject({
    do: z.literal('speed'),
    speed: z.union([z.number().positive().max(10_000), z.literal('max')]).describe('seconds of the recording a second of the clock'), // biome-ignore format: one field, one line
  }),
])

/** Who shows the recording. */
export interface Steered {
  readonly playing: boolean
  /** @returns how many moments were asked for, this one among them */
  seek(at: number): number
  play(playing: boolean, speed?: number | 'max'): void
}

/** Answers POST /api/replay: 202 says that it is being done; the page's stream says when it is. */
export function steering(player: Steered): (body: unknown) => Promise<ActionAnswer> {
  return async (body) => {
    const parsed = SteeringRequest.safeParse(body)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!
      const place = issue.path.join('.')
      return { status: 400, body: { error: `${place === '' ? 'body' : place}: ${issue.message}` } }
    }
    const asked = parsed.data
    if (asked.do === 'seek') return { status: 202, body: { accepted: asked.do, sought: player.seek(asked.at) } }
    if (asked.do === 'speed') player.play(player.playing, asked.speed)
    else player.play(asked.do === 'play')
    return { status: 202, body: { accepted: asked.do } }
  }
}
