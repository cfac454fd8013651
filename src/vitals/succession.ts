import { z } from 'zod'
import { ModelId } from './journal.ts'

/**
 * Where one partition of a ward stands in the succession of a detector's model. Beside the champion runs a challenger,
 * or for a while after a promotion the former champion, ready to be gone back to.
 */
export const Succession = z.strictObject({
  /** what saw the patients first: those of whom nobody ever said who sees them */
  origin: ModelId,
  champion: ModelId,
  beside: z
    .strictObject({
      model: ModelId,
      role: z.enum(['challenger', 'former']),
      /** it sees every patient; a challenger is warmed by the readings of before, first */
      warm: z.boolean(),
      /** it becomes the champion as soon as it is warm */
      promote: z.literal(true).optional(),
      /** wall clock, ms, at which a former champion is released */
      until: z.number().optional(),
    })
    .optional(),
  /** wall clock, ms, of the last promotion: a new champion is looked at closely for a while */
  promotedAt: z.number().optional(),
  /** versions that were gone back from, or sent away: none is a challenger again unless somebody says so */
  left: z.array(ModelId).optional(),
})
export type Succession = z.infer<typeof Succession>
