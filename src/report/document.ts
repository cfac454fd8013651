import { Html, html, type Part } from './html.ts'
import { STYLE } from './style.ts'

/** A figure at the top: what it is, the value, its interval or what to hold it against. */
export interface Headline {
  readonly label: string
  readonly value: string
  readonly range?: string
}

export interface Section {
  readonly title: string
  readonly body: Part
}

export interface ReportDocument {
  /** what kind of report, above the title */
  readonly kind: string
  readonly title: string
  /** what was found, in a sentence or two */
  readonly lead: string
  /** what must be known before a figure is read: each a paragraph */
  readonly notices: readonly string[]
  readonly headlines: readonly Headline[]
  readonly sections: readonly Section[]
  /** how the report was made: name and what it is */
  readonly made: readonly (readonly [name: string, what: Part])[]
}

/**
 * One HTML file that needs nothing else: no script, no font, no picture from anywhere, and a policy that forbids them.
 * @returns the text of the file
 */
export function reportDocument({ kind, title, lead, notices, headlines, sections, made }: ReportDocument): string {
  const named = sections.map((section) => ({ ...section, id: anchor(section.title) }))
  const body = html`<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<header>
<p class="kind">${kind}</p>
<h1>${title}</h1>
<p class="lead">${lead}</p>
<nav aria-label="Sections"><ul>${named.map(({ id, title: to }) => html`<li><a href="#${id}">${to}</a></li>`)}</ul></nav>
</header>
${headlines.length > 0 && html`<dl class="figures">${headlines.map(headline)}</dl>`}
${notices.length > 0 && html`<div class="notice" role="note">${notices.map((text) => html`<p>${text}</p>`)}</div>`}
${named.map(({ id, title: name, body: part }) => html`<section aria-labelledby="${id}">
<h2 id="${id}">${name}</h2>
${part}
</section>`)}
<section aria-labelledby="made">
<h2 id="made">How this was made</h2>
<dl class="made">${made.map(([name, what]) => html`<dt>${name}</dt><dd>${what}</dd>`)}</dl>
</section>
<footer><p>Research software, not a medical device: not cleared or approved by anyone, and never the sole source of alarms. Records carry the number that the publisher of the data gave them, and no other identity.</p></footer>
</main>
</body>
</html>
` // biome-ignore format: the page
  return body.text
}

const headline = ({ label, value, range }: Headline): Html =>
  html`<div><dt>${label}</dt><dd class="value">${value}</dd>${range !== undefined && html`<dd class="range">${range}</dd>`}</div>`

const anchor = (title: string): string => title.toLowerCase().replace(/[^a-z0-9]+/g, '-')
