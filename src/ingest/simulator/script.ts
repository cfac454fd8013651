import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { VigilError } from '../../errors.ts'
import { type Episode, EpisodeScript } from '../../vitals/episode.ts'
import { EFFECTS, seenIn } from './effects.ts'
import { PRINTED } from './monitor.ts'

/**
 * Read a script of episodes, YAML or JSON.
 * @throws VigilError episodes-invalid with the path, the rule and the value
 */
export function readEpisodes(path: string): readonly Episode[] {
  let content: unknown
  try {
    content = parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    const why = (cause as Error).message.split('\n', 1)[0]
    throw new VigilError('episodes-invalid', `the script cannot be read: ${why}`, { place: path, cause })
  }
  const parsed = EpisodeScript.safeParse(content)
  if (parsed.success) return parsed.data.episodes
  const lines = parsed.error.issues.map((issue) => {
    let value: unknown = content
    for (const key of issue.path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key]
    return `${issue.path.join('.') || 'the script'}: ${issue.message} (found ${JSON.stringify(value) ?? 'nothing'})`
  })
  throw new VigilError('episodes-invalid', lines.slice(0, 5).join('; '), { place: path })
}

/**
 * Whether a ward can play a script: every bed is there, every episode ends before the ward does, a stuck channel is one
 * of the monitor's, and no two episodes of a bed contradict each other: two bodily ones at a time, two mishaps of one
 * channel, or anything beside a clock jump, a link that is down or a handover.
 * @throws VigilError episodes-invalid
 */
export function checkEpisodes(episodes: readonly Episode[], beds: number, hours: number, place?: string): void {
  const refuse = (i: number, why: string) =>
    new VigilError('episodes-invalid', `episodes.${i}: ${why}`, place === undefined ? {} : { place })
  episodes.forEach((episode, i) => {
    if (episode.bed > beds) throw refuse(i, `there is no bed ${episode.bed}, the ward has ${beds}`)
    const end = episode.at + episode.seconds
    if (end > hours * 3600) throw refuse(i, `it ends at ${end} s, the ward at ${hours * 3600} s`)
    if (episode.kind === 'stuck' && !(PRINTED as readonly string[]).includes(episode.channel))
      throw refuse(i, `a simulated monitor has no channel "${episode.channel}"; it has ${PRINTED.join(', ')}`)
    episodes.slice(0, i).forEach((other, j) => {
      const apart = other.at >= end || episode.at >= other.at + other.seconds
      if (other.bed !== episode.bed || apart || !contradict(episode, other)) return
      throw refuse(i, `this ${episode.kind} overlaps the ${other.kind} of episodes.${j} at bed ${episode.bed}`)
    })
  })
}

function contradict(a: Episode, b: Episode): boolean {
  const [first, second] = [EFFECTS[a.kind].nature, EFFECTS[b.kind].nature]
  // no channel of its own: the whole bed
  if (seenIn(a).length === 0 || seenIn(b).length === 0) return true
  if (first === 'physiological' || second === 'physiological') return first === second
  return seenIn(a).some((channel) => seenIn(b).includes(channel))
}
