import type { SeenBy } from '../vitals/journal.ts'
import type { Succession } from '../vitals/succession.ts'

/** What is to be done about a detector's model, in every partition alike. */
export type Step =
  /** the version runs beside the champion, and raises nothing */
  | { readonly action: 'shadow'; readonly model: string }
  /** the version becomes the champion, as soon as it is warm */
  | { readonly action: 'promote'; readonly model: string }
  /** the version, which is the champion, gives way to the former one */
  | { readonly action: 'rollback'; readonly model: string }
  /** the version runs beside the champion no more */
  | { readonly action: 'release'; readonly model: string }
  /** the challenger has seen enough of the readings of before */
  | { readonly action: 'warmed'; readonly model: string }

/** Why a step changes nothing, in words for the log. */
export type Refused = { readonly refused: string }

/**
 * One step of a succession: `(succession, step) -> succession`, a function of nothing else. A step that was taken before
 * is refused, so that it does no harm to be told twice.
 * @param now wall clock, ms
 * @param windowMs how long a former champion is kept
 */
export function follow(from: Succession, { action, model }: Step, now: number, windowMs: number): Succession | Refused {
  const { origin, champion, beside, left = [] } = from
  const known = beside?.model === model ? beside : undefined
  const wanted = left.filter((it) => it !== model)
  switch (action) {
    case 'shadow':
      if (champion === model) return { refused: `${model} is the champion` }
      if (known?.role === 'challenger') return { refused: `${model} is in shadow` }
      return { ...from, beside: { model, role: 'challenger', warm: known?.warm ?? false }, left: wanted }
    case 'promote':
      if (champion === model) return { refused: `${model} is the champion` }
      if (known?.warm === true) return promoted({ ...from, left: wanted }, model, now, windowMs)
      if (known?.promote === true) return { refused: `${model} is being warmed` }
      return { ...from, beside: { model, role: 'challenger', warm: false, promote: true }, left: wanted }
    case 'rollback': {
      if (champion !== model) return { refused: `${model} is not the champion` }
      if (beside?.role !== 'former') return { refused: `the champion before ${model} was released` }
      return { origin, champion: beside.model, left: [...wanted, model] }
    }
    case 'release': {
      if (known === undefined) return { refused: `${model} does not run beside the champion` }
      const { beside: _, ...rest } = from
      return known.role === 'former' ? rest : { ...rest, left: [...wanted, model] }
    }
    case 'warmed':
      if (known === undefined || known.warm) return { refused: `${model} is not being warmed` }
      if (known.promote === true) return promoted(from, model, now, windowMs)
      return { ...from, beside: { ...known, warm: true } }
  }
}

function promoted(from: Succession, model: string, now: number, windowMs: number): Succession {
  const beside = { model: from.champion, role: 'former', warm: true, until: now + windowMs } as const
  return { ...from, champion: model, beside, promotedAt: now }
}

/** The versions that see the patients of a partition: what is not warm yet sees nobody. */
export function seenBy({ champion, beside }: Succession): SeenBy {
  return { champion, ...(beside?.warm === true && { shadow: beside.model }) }
}
