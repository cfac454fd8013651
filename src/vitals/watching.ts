/**
 * Whether anybody watches a bed, in words for a nurse. Silence is never health.
 * `warming`: the network has not yet seen enough; `watching`: all is well; `degraded`: limits only, or channels of the
 * model are missing; `blind`: no signal.
 */
export const WATCHING = ['warming', 'watching', 'degraded', 'blind'] as const
export type Watching = (typeof WATCHING)[number]
