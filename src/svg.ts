/** Ink, paper and quiet lines of our figures, by day and by night: an image follows the reader's own scheme. */
const STYLE = `
text{font:12px system-ui,sans-serif;fill:#24292f}
.quiet{fill:#57606a}.paper{fill:#fff}.ink{fill:#24292f}.rule{stroke:#d0d7de;fill:none}.rim{stroke:#24292f}
@media(prefers-color-scheme:dark){text,.ink{fill:#e6edf3}.quiet{fill:#9198a1}.paper{fill:#0d1117}.rule{stroke:#3d444d}.rim{stroke:#e6edf3}}`

/** A colour of a figure in light and in dark. */
export interface Ink {
  readonly light: string
  readonly dark: string
}

/**
 * One figure of our own hand.
 * @param inks class name -> colour, for strokes (`.name-line`) and fills (`.name`)
 * @param label what a reader who cannot see it is told
 */
export function figure(
  { width, height, label }: { width: number; height: number; label: string },
  inks: Readonly<Record<string, Ink>>,
  body: readonly string[],
): string {
  const paint = (shade: keyof Ink) =>
    Object.entries(inks)
      .map(([name, ink]) => `.${name}{fill:${ink[shade]}}.${name}-line{stroke:${ink[shade]};fill:none}`)
      .join('')
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">`,
    `<style>${STYLE}\n${paint('light')}\n@media(prefers-color-scheme:dark){${paint('dark')}}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...body,
    '</svg>\n',
  ].join('\n')
}
