import { createHmac } from 'node:crypto'
import { Memo } from './memo.ts'

/** Who a record number or a visit number is outside the edge: the same for the same, and nothing that leads back. */
export interface Pseudonyms {
  /** @param authority who assigned the number; '' where the sender does not say */
  patient(authority: string, number: string): string
  visit(authority: string, number: string): string
}

/** HMAC-SHA-256 under the site's secret, of `authority|number`; 128 bits in hexadecimal. A visit is never taken for a patient. */
export function pseudonyms(secret: string): Pseudonyms {
  const of = (text: string) => createHmac('sha256', secret).update(text).digest('hex').slice(0, 32)
  const known = new Memo<string>(100_000)
  const kept = (text: string) => known.get(text) ?? known.keep(text, of(text))
  return {
    patient: (authority, number) => kept(`${authority}|${number}`),
    visit: (authority, number) => kept(`\u0001visit|${authority}|${number}`),
  }
}
