import type { Interval } from '../../evaluation/metrics/bootstrap.ts'
import type { CalibrationTenth } from '../../evaluation/metrics/calibration.ts'
import type { ClassifierManifest } from '../../vitals/classifier-manifest.ts'
import { halfLifeQuantiles } from '../card.ts'
import type { ClassifierRecipe } from './recipe.ts'

/** What every classifier's card says, around its own sections (after Mitchell et al., arXiv 1810.03993). */
export function classifierSections(
  recipe: ClassifierRecipe<unknown>,
  manifest: ClassifierManifest,
  figures: readonly string[],
  halfLives: readonly (readonly number[])[],
): string {
  const { training, graph, inputs, channels } = manifest
  const { shape } = recipe
  const front = shape.front === 0 ? '' : `${shape.front} ReLU units, `
  const back = shape.back === 0 ? '' : `${shape.back} ReLU units over the state and the running summary, `
  const sections = [
    `# ${manifest.name} ${manifest.version}`,
    `**Purpose.** ${recipe.purpose}`,
    `**Not for.** ${recipe.notFor}`,
    '## Data',
    `${training.data}: ${training.patients} patients, one row an hour; hash of the stays \`${training.dataSha256.slice(0, 16)}\`.`,
    ...figures,
    '## Network',
    `${graph.members === 1 ? 'One network,' : `${graph.members} networks whose logits are averaged, each`} ${front}${graph.cell === 'lstm' ? 'an LSTM' : 'a GRU'} of ${graph.hidden}, ${back}${manifest.outcome.classes === undefined ? 'one logit' : 'a logit for each class, softmax'}: ${graph.parameters} parameters, ${training.updates} updates on the ${training.engine} engine, seed ${training.seed}. Graph \`${graph.sha256.slice(0, 16)}\` as ${graph.form}; held against the equations in double precision.`,
    `Memory half-lives of the units (ln 2 / -ln of the mean ${graph.cell === 'gru' ? 'update' : 'forget'} gate, hours; lower decile / median / upper decile): ${halfLives.map((member, m) => `network ${m + 1} ${halfLifeQuantiles(member)}`).join('; ')}.`,
    `${graph.features} inputs (\`${inputs.kind}\`, \`src/inference/hourly\`) from ${channels.length} channels: ${channels.join(', ')}.`,
    `Made by \`vigil train ${recipe.name} --data DIR --seed ${training.seed}\`.`,
    '## Known failure modes',
    recipe.failureModes.map((mode) => `* ${mode}`).join('\n'),
  ]
  return `${sections.join('\n\n')}\n`
}

/** `0.412 [0.384, 0.440]` */
export function figure(value: number, [low, high]: Interval): string {
  return `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`
}

export function calibrationTable(tenths: readonly CalibrationTenth[]): string {
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`
  return markdownTable(
    ['tenth', ...tenths.map((_, i) => String(i + 1))],
    [
      ['predicted', ...tenths.map((tenth) => percent(tenth.predicted))],
      ['observed', ...tenths.map((tenth) => percent(tenth.observed))],
    ],
  )
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
