import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { VigilError } from '../errors.ts'
import type { ChannelTable } from '../vitals/channels.ts'
import { conversion } from '../vitals/units.ts'
import { misfit } from '../vitals/unnamed.ts'
import { instant } from './event-time.ts'

const column = z.string().min(1).describe('a name in the header')
const Subject = z.union([z.strictObject({ column }), z.strictObject({ constant: z.string().min(1).max(128) })])

/** How an engineer's CSV becomes readings; a YAML or JSON file beside it. `docs/recordings.md` explains each key. */
export const CsvMapping = z.strictObject({
  time: z.strictObject({
    column,
    format: z.enum(['ms', 's', 'iso', 'relative-seconds', 'relative-minutes']),
    start: z
      .string()
      .refine((text) => !Number.isNaN(instant(text)), 'needs an ISO 8601 instant with its offset')
      .optional()
      .describe('the instant of relative time 0'),
  }),
  patient: Subject.optional().describe('when absent the name of the file is the key'),
  unit: Subject.optional(),
  bed: Subject.optional(),
  delimiter: z.string().length(1).default(','),
  decimal: z.enum(['.', ',']).default('.'),
  complete: z.boolean().default(true).describe('a row is all there is for its time'),
  zeros: z.enum(['missing', 'value']).default('value').describe('whether 0 is a value'),
  repeats: z.enum(['held', 'measured']).default('held').describe('whether an unchanged cuff pressure is a new one'),
  missing: z.array(z.string()).default(['', 'NaN', 'nan', 'NA', 'N/A', 'null', '-', '--']),
  columns: z
    .record(
      column,
      z.strictObject({ channel: z.string(), unit: z.string().optional(), missing: z.array(z.string()).optional() }),
    )
    .refine((columns) => Object.keys(columns).length > 0, 'needs at least one column'),
})
export type CsvMapping = z.infer<typeof CsvMapping>

/** A column of a mapping, by its place in the file: its name is one of a table, which may be somebody's. @param nth from 1 */
export const mappedColumn = (nth: number): string => `columns[${nth}]`

function invalid(place: string, message: string, cause?: unknown): VigilError {
  return new VigilError('mapping-invalid', message, { place, cause })
}

/**
 * A mapping held against its schema and the channel table.
 * @param place the file it came from
 * @throws VigilError mapping-invalid, with the path and the value
 */
export function checkMapping(raw: unknown, table: ChannelTable, place: string): CsvMapping {
  const parsed = CsvMapping.safeParse(raw)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    const named = issue.path[0] === 'columns' && issue.path.length > 1
    const nth = named ? Object.keys((raw as { columns: object }).columns).indexOf(String(issue.path[1])) + 1 : 0
    const where = named ? [mappedColumn(nth), ...issue.path.slice(2)].join('.') : issue.path.join('.')
    throw invalid(place, `${where || 'the mapping'}: ${misfit(issue, raw).detail}`)
  }
  const taken = new Map<string, string>()
  for (const [i, { channel, unit }] of Object.values(parsed.data.columns).entries()) {
    const where = mappedColumn(i + 1)
    const index = table.index.get(channel)
    if (index === undefined) throw invalid(place, `${where}.channel: no channel is named "${channel}"`)
    const own = table.channels[index]!.unit
    if (unit !== undefined && conversion(unit, own) === undefined)
      throw invalid(place, `${where}.unit: "${unit}" cannot become ${own}`)
    const earlier = taken.get(channel)
    if (earlier !== undefined) throw invalid(place, `${where}.channel: "${channel}" is read from ${earlier} already`)
    taken.set(channel, where)
  }
  return parsed.data
}

/** A mapping file, YAML or JSON. @throws VigilError mapping-invalid */
export function readMapping(path: string, table: ChannelTable): CsvMapping {
  let raw: unknown
  try {
    raw = parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0]! : 'cannot be read'
    throw invalid(path, why, cause)
  }
  return checkMapping(raw, table, path)
}
