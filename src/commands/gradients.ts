import { writeFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { VigilError } from '../errors.ts'
import { ADDING_NAMES, type AddingName, type AddingResult, trainAdding } from '../training/adding.ts'
import { CELL_NAMES } from '../training/cells/named-cells.ts'
import { gradientFigure } from '../training/gradient-figure.ts'
import { gradientReach } from '../training/gradients.ts'
import { printJson, whole, words } from './options.ts'

const GAPS = [1, 5, 10, 20, 50, 100, 150]
const ADDING_STEPS = 50
const ADDING_CELLS: readonly AddingName[] = ['tanh', 'relu', 'relu-identity', 'lstm-bf1']

interface GradientFlags {
  cells?: string[]
  gaps: number[]
  seeds: number
  out?: string
  adding?: number
  updates: number
  json?: boolean
}

export function gradientsCommand(): Command {
  return new Command('gradients')
    .description('how far a gradient reaches back in each kind of cell, and who remembers')
    .addOption(
      new Option(
        '--cells <names>',
        `of ${CELL_NAMES.join(', ')}, with --adding also lstm-chrono; lstm is all four (default: all; with --adding ${ADDING_CELLS.join(', ')})`,
      ).argParser(words),
    )
    .addOption(new Option('--gaps <steps>', 'how many steps back').argParser(gapList).default(GAPS, GAPS.join(',')))
    .option('--seeds <n>', 'networks of each kind, averaged', whole(1), 8)
    .option('--out <file>', 'the figure, SVG')
    .addOption(
      new Option('--adding [steps]', `train the adding problem over that many steps instead`)
        .argParser(whole(2))
        .preset(String(ADDING_STEPS))
        .conflicts(['gaps', 'seeds', 'out']),
    )
    .option('--updates <n>', 'with --adding: updates of the weights at most', whole(1), 1000)
    .option('--json', 'one JSON object on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil gradients --cells tanh,lstm --gaps 1,10,50\n  vigil gradients --adding 50\n',
    )
    .action((flags: GradientFlags) =>
      flags.adding === undefined ? reach(flags) : adding({ ...flags, adding: flags.adding }),
    )
}

function reach({ cells, gaps, seeds, out, json }: GradientFlags): void {
  const names = cellNames(cells, CELL_NAMES, CELL_NAMES)
  const measured = Object.fromEntries(names.map((name) => [name, gradientReach(name, gaps, seeds)]))
  if (out !== undefined) {
    try {
      writeFileSync(out, gradientFigure(measured))
    } catch (cause) {
      throw new VigilError('sink-failed', 'the figure cannot be written', { place: out, cause })
    }
  }
  if (json === true) {
    printJson({ cells: measured })
    return
  }
  const columns = Object.keys(Object.values(measured)[0]!)
  const line = (name: string, values: readonly string[]) =>
    process.stdout.write(`${name.padEnd(14)}${values.map((value) => value.padStart(9)).join('')}\n`)
  line('gap', columns)
  for (const [name, logs] of Object.entries(measured)) {
    line(
      name,
      columns.map((gap) => logs[gap]!.toFixed(2).replace(/^-(0\.00)$/, '$1')),
    )
  }
}

function adding({ cells, adding: steps, updates, json }: GradientFlags & { adding: number }): void {
  const results: Partial<Record<AddingName, Omit<AddingResult, 'alwaysOne'>>> = {}
  let alwaysOne = Number.NaN
  for (const name of cellNames(cells, ADDING_NAMES, ADDING_CELLS)) {
    const onProgress = (update: number, error: number) =>
      void process.stderr.write(`${name}: update ${update}, mean squared error ${error.toFixed(4)}\n`)
    const { alwaysOne: constant, ...result } = trainAdding(name, { steps, updates, seed: 1, onProgress })
    results[name] = result
    alwaysOne = constant
  }
  if (json === true) {
    printJson({ adding: { steps, alwaysOne, cells: results } })
    return
  }
  process.stdout.write(`mean squared error of held-out sums over ${steps} steps\n`)
  process.stdout.write(`${'always 1'.padEnd(14)}${alwaysOne.toFixed(4).padStart(9)}\n`)
  for (const [name, { meanSquaredError, updates: done }] of Object.entries(results)) {
    process.stdout.write(`${name.padEnd(14)}${meanSquaredError.toFixed(4).padStart(9)}  after ${done} updates\n`)
  }
}

/** @throws VigilError usage on a name that is none */
function cellNames<Name extends string>(
  asked: readonly string[] | undefined,
  there: readonly Name[],
  otherwise: readonly Name[],
): readonly Name[] {
  if (asked === undefined) return otherwise
  const isAsked = (name: Name) => asked.includes(name) || (asked.includes('lstm') && name.startsWith('lstm-bf'))
  const unknown = asked.filter((name) => name !== 'lstm' && !there.some((each) => each === name))
  if (unknown.length > 0) {
    throw new VigilError('usage', `no cell is named ${unknown.join(', ')}; there are: ${there.join(', ')}, lstm`)
  }
  return there.filter(isAsked)
}

function gapList(text: string): number[] {
  const gaps = text.split(',').map(Number)
  if (!gaps.every((gap) => Number.isInteger(gap) && gap >= 1)) {
    throw new InvalidArgumentError('whole numbers of at least 1 with commas between them.')
  }
  return gaps
}
