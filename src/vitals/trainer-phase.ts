/** What a process that retrains a model does; `resting` is between two cycles. */
export const TRAINER_PHASES = ['resting', 'collecting', 'training', 'judging'] as const
export type TrainerPhase = (typeof TRAINER_PHASES)[number]
