import type { Episode, EpisodeKind, Nature } from '../../vitals/episode.ts'
import { type Mishaps, PRINTED } from './monitor.ts'
import type { Forces } from './physiology.ts'

/** What an episode of a kind is, and where it is seen. */
interface Effect {
  readonly nature: Nature
  readonly channels: readonly string[]
}

const LINE = ['abp_sys', 'abp_dia', 'abp_mean']

export const EFFECTS: Readonly<Record<EpisodeKind, Effect>> = {
  desaturation: { nature: 'physiological', channels: ['spo2', 'resp', 'hr', 'pulse'] },
  apnoea: { nature: 'physiological', channels: ['resp', 'spo2'] },
  haemorrhage: { nature: 'physiological', channels: ['hr', 'pulse', ...LINE, 'nibp_sys', 'nibp_dia', 'nibp_mean', 'resp'] },
  sepsis: { nature: 'physiological', channels: ['temp', 'hr', 'pulse', 'resp', ...LINE, 'nibp_sys', 'nibp_dia', 'nibp_mean', 'spo2'] },
  arrhythmia: { nature: 'physiological', channels: ['hr', 'pulse', ...LINE] },
  'probe-off': { nature: 'technical', channels: ['pulse', 'spo2'] },
  'lead-off': { nature: 'technical', channels: ['hr', 'resp'] },
  'damped-line': { nature: 'technical', channels: ['abp_sys', 'abp_dia'] },
  'flushed-line': { nature: 'technical', channels: LINE },
  stuck: { nature: 'technical', channels: [] },
  'clock-jump': { nature: 'technical', channels: [] },
  'link-down': { nature: 'technical', channels: [] },
  handover: { nature: 'administrative', channels: [] },
} // biome-ignore format: one kind, one line

/** The channels an episode is seen in; none means the whole bed. */
export function seenIn(episode: Episode): readonly string[] {
  return episode.kind === 'stuck' ? [episode.channel] : EFFECTS[episode.kind].channels
}

/** seconds in which what an episode did to the body is undone once it is over: transfused, treated, breathing again */
const UNDONE: Partial<Record<EpisodeKind, number>> = { haemorrhage: 3600, sepsis: 6 * 3600 }

/** Whether an episode still acts on its bed `since` seconds after its start. */
export function acts(episode: Episode, since: number): boolean {
  return since > 0 && since < episode.seconds + (UNDONE[episode.kind] ?? 0)
}

/** Straight up to 1 over the episode, and down again while it is undone. */
function upAndUndone(episode: Episode, since: number): number {
  if (since <= episode.seconds) return since / episode.seconds
  return 1 - (since - episode.seconds) / UNDONE[episode.kind]!
}

/** Add what an episode does to body and sensors, `since` seconds after its start. */
export function act(episode: Episode, since: number, forces: Forces, mishaps: Mishaps): void {
  switch (episode.kind) {
    case 'desaturation':
      forces.desaturation += episode.size * (1 - Math.abs((2 * since) / episode.seconds - 1))
      break
    case 'apnoea':
      forces.breathing = 0
      break
    case 'haemorrhage':
      forces.volume += (episode.size / 100) * upAndUndone(episode, since)
      break
    case 'sepsis':
      forces.sepsis += episode.size * upAndUndone(episode, since)
      break
    case 'arrhythmia':
      forces.rate += episode.size
      forces.irregular = 1
      break
    case 'probe-off':
      mishaps.probeOff = true
      break
    case 'lead-off':
      mishaps.leadOff = true
      break
    case 'damped-line':
      mishaps.damped = true
      break
    case 'flushed-line':
      mishaps.flushed = true
      break
    case 'stuck':
      mishaps.stuck = (PRINTED as readonly string[]).indexOf(episode.channel)
      break
  }
}
