import { type Html, html, type Part } from './html.ts'

export interface Column {
  readonly title: string
  /** right-aligned */
  readonly number?: boolean
}

/** A row: its head, then a cell for each further column; or a line that names the rows below it. */
export type Row = { readonly cells: readonly Part[]; readonly ours?: boolean } | { readonly part: string }

/** A table that scrolls by itself where the page is narrow. @param label what it is of, for who cannot see it */
export function table(label: string, columns: readonly Column[], rows: readonly Row[]): Html {
  const kind = (i: number): string => (columns[i]?.number === true ? 'number' : '')
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${`Table: ${label}`}"><table>
<thead><tr>${columns.map(({ title }, i) => html`<th scope="col" class="${kind(i)}">${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) =>
  'part' in row
    ? html`<tr class="part"><th scope="rowgroup" colspan="${columns.length}">${row.part}</th></tr>`
    : html`<tr class="${row.ours === true ? 'ours' : ''}">${row.cells.map((cell, i) =>
        i === 0 ? html`<th scope="row">${cell}</th>` : html`<td class="${kind(i)}">${cell}</td>`)}</tr>`)}</tbody>
</table></div>` // biome-ignore format: rows as they stand in the page
}
