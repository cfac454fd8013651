import { Command } from 'commander'
import { SHIPPED_MODELS } from '../app.ts'
import { loadSettings } from '../config.ts'
import { VigilError } from '../errors.ts'
import { probeEngines } from '../inference/doctor.ts'
import { listModels } from '../inference/model-store.ts'
import { verifyModel } from '../inference/open-engine.ts'
import { openTrainingEngine, TRAINING_ENGINES } from '../training/engine.ts'
import { printJson } from './options.ts'

interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly detail: string
}

/** The oldest Node that Vigil runs on. */
const NODE_FLOOR = [20, 19] as const

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what would run here: Node, settings, execution providers, training engines, models')
    .option('--config <file>', 'settings, YAML or JSON')
    .option('--json', 'one JSON object on standard output')
    .addHelpText('after', '\nExample:\n  vigil doctor\n')
    .action(async ({ config, json }: { config?: string; json?: boolean }) => {
      const { found, dir } = settings(config)
      const findings = [node(), found, ...(await engines()), ...(await models(dir)), ...(await trainers())]
      if (json === true) return printJson({ findings })
      for (const { check, ok, detail } of findings) {
        process.stdout.write(`${ok ? 'runs   ' : 'refuses'}  ${check.padEnd(22)}  ${detail}\n`)
      }
    })
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const ok = major > NODE_FLOOR[0] || (major === NODE_FLOOR[0] && minor >= NODE_FLOOR[1])
  return { check: 'node', ok, detail: `${process.version}, needs ${NODE_FLOOR.join('.')} or newer` }
}

/** Whether the settings hold, and which registry they name. */
function settings(file: string | undefined): { found: Finding; dir: string } {
  try {
    const { dir = SHIPPED_MODELS } = loadSettings(file, process.env).models
    return { found: { check: 'settings', ok: true, detail: file ?? 'defaults and environment' }, dir }
  } catch (error) {
    if (!(error instanceof VigilError)) throw error
    return { found: { check: 'settings', ok: false, detail: error.message }, dir: SHIPPED_MODELS }
  }
}

async function engines(): Promise<Finding[]> {
  const { providers, cpu } = await probeEngines()
  return [
    { check: 'processor', ok: true, detail: `${cpu.count} x ${cpu.model} (${cpu.flags.join(', ')})` },
    ...providers.map(({ provider, runs, reason, software }) => ({
      check: `provider ${provider}`,
      ok: runs,
      detail: runs
        ? software
          ? 'a software adapter: correct and slow, only by name'
          : 'runs a graph'
        : (reason ?? 'unknown'),
    })),
  ]
}

async function models(dir: string): Promise<Finding[]> {
  const listed = await listModels(dir).catch((error: unknown) => {
    if (!(error instanceof VigilError)) throw error
    return error
  })
  if (listed instanceof VigilError)
    return [{ check: 'models', ok: false, detail: `${listed.code}: ${listed.message} (${listed.place})` }]
  if (listed.length === 0) return [{ check: 'models', ok: false, detail: `there is no model in ${dir}` }]
  return Promise.all(
    listed.map(async ({ name, version }) => {
      const check = `model ${name}@${version}`
      try {
        const { golden } = await verifyModel(dir, `${name}@${version}`)
        return { check, ok: true, detail: `${golden.x.length} golden steps match on cpu` }
      } catch (error) {
        if (!(error instanceof VigilError)) throw error
        return { check, ok: false, detail: `${error.code}: ${error.message}` }
      }
    }),
  )
}

async function trainers(): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const name of TRAINING_ENGINES) {
    if (name === 'auto') continue
    const check = `training ${name}`
    try {
      const { warning } = await openTrainingEngine(name)
      findings.push({ check, ok: true, detail: warning ?? 'trains here' })
    } catch (error) {
      if (!(error instanceof VigilError)) throw error
      findings.push({ check, ok: false, detail: error.message })
    }
  }
  return findings
}
