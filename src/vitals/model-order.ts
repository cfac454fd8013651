import { z } from 'zod'
import { By } from './control.ts'
import { ModelId } from './journal.ts'

/**
 * One message of the models topic, of which every partition gets its own: what is to become of a detector's model there.
 * `shadow`: the version runs beside the champion and raises nothing; `promote`: it becomes the champion as soon as it is
 * warm; `rollback`: it, the champion, gives way to the former one; `release`: it runs beside the champion no more.
 */
export const ModelOrder = z.strictObject({
  detector: z.string().regex(/^[a-z0-9-]{1,40}$/),
  action: z.enum(['shadow', 'promote', 'rollback', 'release']),
  model: ModelId,
  at: z.number().describe('wall clock of the order, ms since 1970'),
  by: By,
  reason: z.string().max(200).optional(),
})
export type ModelOrder = z.infer<typeof ModelOrder>
