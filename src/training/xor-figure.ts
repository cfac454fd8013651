import { figure, type Ink } from '../svg.ts'
import { CORNERS, learn, QUESTIONS } from './xor.ts'

const PANEL = 200
const GAP = 24
const TOP = 30
/** squares a side of a panel, which shows the plane from -0.5 to 1.5 */
const SQUARES = 25
const HIDDEN = 4

const INKS: Readonly<Record<string, Ink>> = {
  no: { light: '#dbeafe', dark: '#12263f' },
  yes: { light: '#f0883e', dark: '#d9731a' },
}

/** What a perceptron can separate, what it cannot, and what a hidden layer can: SVG, three panels. */
export function xorFigure(): string {
  const panels = [
    { title: 'a perceptron learns AND', question: 'and', hidden: 0 },
    { title: 'a perceptron cannot learn XOR', question: 'xor', hidden: 0 },
    { title: `${HIDDEN} hidden units learn XOR`, question: 'xor', hidden: HIDDEN },
  ] as const
  const width = panels.length * (PANEL + GAP) + GAP
  const body = panels.flatMap(({ title, question, hidden }, panel) => {
    const yes = learn(question, hidden, 1)
    const left = GAP + panel * (PANEL + GAP)
    const place = (at: number) => ((at + 0.5) / 2) * PANEL
    return [
      `<g transform="translate(${left} ${TOP})">`,
      `<text x="0" y="-10">${title}</text>`,
      `<rect class="no" width="${PANEL}" height="${PANEL}"/>`,
      ...field(yes),
      ...CORNERS.map(([a, b]) => {
        const [x, y] = [place(a), PANEL - place(b)]
        const wanted = QUESTIONS[question](a, b) === 1
        return [
          `<circle class="rim ${wanted ? 'ink' : 'paper'}" cx="${x}" cy="${y}" r="7"/>`,
          `<text x="${x}" y="${y + 24}" text-anchor="middle">${yes(a, b).toFixed(2)}</text>`,
        ].join('')
      }),
      '</g>',
    ]
  })
  const key = 'filled: the answer is yes; empty: no; number and colour: the probability of yes that was learnt'
  body.push(`<text class="quiet" x="${GAP}" y="${TOP + PANEL + 24}">${key}</text>`)
  const label = 'A perceptron separates AND, not XOR; a hidden layer separates XOR'
  return figure({ width, height: TOP + PANEL + 38, label }, INKS, body)
}

/** The probability of yes over the plane: in each row, neighbours that look alike are one rectangle. */
function field(yes: (a: number, b: number) => number): string[] {
  const side = PANEL / SQUARES
  const middle = (square: number) => ((square + 0.5) / SQUARES) * 2 - 0.5
  const rectangles: string[] = []
  for (let row = 0; row < SQUARES; row++) {
    const shades = Array.from({ length: SQUARES }, (_, column) => yes(middle(column), -middle(row) + 1).toFixed(1))
    for (let from = 0, to = 0; from < SQUARES; from = to) {
      while (to < SQUARES && shades[to] === shades[from]) to++
      if (shades[from] === '0.0') continue
      const box = `x="${from * side}" y="${row * side}" width="${(to - from) * side}" height="${side}"`
      rectangles.push(`<rect class="yes" fill-opacity="${shades[from]}" ${box}/>`)
    }
  }
  return rectangles
}
