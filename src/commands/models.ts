import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { SHIPPED_MODELS } from '../app.ts'
import { VigilError } from '../errors.ts'
import { listModels, openAnyModel } from '../inference/model-store.ts'
import { verifyModel } from '../inference/open-engine.ts'
import type { ModelAliases } from '../inference/registry/aliases.ts'
import { promote, rollback } from '../inference/registry/promotion.ts'
import { printJson } from './options.ts'

interface ModelFlags {
  dir: string
  json?: boolean
}

export function modelsCommand(): Command {
  const models = new Command('models').description('the model registry')
  const add = (name: string, description: string, example: string) =>
    models
      .command(name)
      .description(description)
      .option('--dir <folder>', 'the registry', SHIPPED_MODELS)
      .option('--json', 'one JSON object on standard output')
      .addHelpText('after', `\nExample:\n  vigil models ${example}\n`)

  add('list', 'every version, with its aliases', 'list').action(async ({ dir, json }: ModelFlags) => {
    if (!existsSync(dir)) throw new VigilError('model-not-found', 'there is no registry here', { place: dir })
    const listed = await listModels(dir)
    if (json === true) return printJson({ models: listed })
    if (listed.length === 0) process.stderr.write(`there is no model in ${dir}\n`)
    for (const { name, version, aliases } of listed) process.stdout.write(`${name}@${version}  ${aliases.join(', ')}\n`)
  })
  add('show', "a version's manifest", 'show bedside')
    .argument('<model>', 'NAME (its champion) or NAME@VERSION')
    .action(async (id: string, { dir }: ModelFlags) => printJson((await openAnyModel(dir, id)).manifest))
  add('verify', 'checksums, manifest, and the golden steps on the CPU provider', 'verify bedside')
    .argument('<model>', 'NAME (its champion) or NAME@VERSION')
    .action(async (id: string, { dir, json }: ModelFlags) => {
      const { manifest, golden } = await verifyModel(dir, id)
      const { name, version, graph } = manifest
      const verdict = {
        model: `${name}@${version}`,
        sha256: graph.sha256,
        goldenSteps: golden.x.length,
        tolerance: golden.tolerance,
        provider: 'cpu',
      }
      if (json === true) return printJson(verdict)
      process.stdout.write(
        `${verdict.model}: files match their checksums, the manifest is valid, ${verdict.goldenSteps} golden steps match to ${verdict.tolerance} on ${verdict.provider}\n`,
      )
    })
  add('promote', 'a version becomes the champion; the one so far stays as previous', 'promote bedside@1.0.0')
    .argument('<model>', 'NAME@VERSION, or NAME for its challenger')
    .action(async (id: string, { dir, json }: ModelFlags) => {
      const { manifest } = await verifyModel(dir, id.includes('@') ? id : `${id}@challenger`)
      said(manifest.name, await promote(dir, manifest.name, manifest.version), json)
    })
  add('rollback', 'the previous version becomes the champion again', 'rollback bedside --dir my-models')
    .argument('<name>', 'name of the model')
    .action(async (name: string, { dir, json }: ModelFlags) => {
      await verifyModel(dir, `${name}@previous`)
      said(name, await rollback(dir, name), json)
    })
  return models
}

function said(name: string, aliases: ModelAliases, json?: boolean): void {
  const each = Object.entries(aliases).map(([alias, version]) => `${alias} ${version}`)
  if (json === true) printJson({ model: name, ...aliases })
  else process.stdout.write(`${name}: ${each.join(', ')}\n`)
}
