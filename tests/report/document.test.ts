import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reportDocument } from '../../src/report/document.ts'
import { html } from '../../src/report/html.ts'

describe('HTML by template', () => {
  it('lets no text become markup, wherever it stands', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { text: made } = html`<p title="${text}">${text}</p>`
        const inside = made.slice('<p title="'.length, -'</p>'.length)
        expect(inside.replaceAll('">', '')).not.toMatch(/[<>"']/)
      }),
    )
  })

  it('joins lists, and writes nothing of what is not there', () => {
    expect(html`<ul>${[1, 2].map((n) => html`<li>${n}</li>`)}${undefined}${false}</ul>`.text).toBe('<ul><li>1</li><li>2</li></ul>')
  }) // biome-ignore format: one template
})

it('a report asks nothing of any network: no script, no address, and a policy that says so', () => {
  const page = reportDocument({
    kind: 'Test', title: '<b>A & B</b>', lead: 'found', notices: ['mind'], headlines: [{ label: 'n', value: '1' }],
    sections: [{ title: 'One section', body: html`<p>x</p>` }], made: [['Command', 'vigil']],
  }) // biome-ignore format: a page
  expect(page).toContain("default-src 'none'; style-src 'unsafe-inline'")
  expect(page).not.toMatch(/https?:|<script|<link|<img|url\(|@import/)
  expect(page).toContain('&lt;b&gt;A &amp; B&lt;/b&gt;')
  expect(page).toContain('<a href="#one-section">')
  expect(page).toContain('<h2 id="one-section">')
})
