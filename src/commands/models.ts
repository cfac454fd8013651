import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { Command, Option } from 'commander'
import { SHIPPED_MODELS } from '../app.ts'
import { loadSettings } from '../config.ts'
import { VigilError } from '../errors.ts'
import { type AnyManifest, listModels, openAnyModel } from '../inference/model-store.ts'
import { verifyModel } from '../inference/open-engine.ts'
import type { ModelAliases } from '../inference/registry/aliases.ts'
import { promote, rollback } from '../inference/registry/promotion.ts'
import { readVerdict } from '../inference/registry/verdict.ts'
import { createLog } from '../log.ts'
import type { ModelOrder } from '../vitals/model-order.ts'
import { sendOrder } from './model-orders.ts'
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
    const listed = await Promise.all(
      (await listModels(dir)).map(async (it) => ({ ...it, gate: (await readVerdict(it.dir))?.decision })),
    )
    if (json === true) return printJson({ models: listed })
    if (listed.length === 0) process.stderr.write(`there is no model in ${dir}\n`)
    for (const { name, version, aliases, gate } of listed) {
      const words = [...aliases, ...(gate === undefined ? [] : [`${gate} by the gate`])]
      process.stdout.write(`${name}@${version}  ${words.join(', ')}\n`)
    }
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
  add('promote', 'a version becomes the champion; the one so far stays as previous', 'promote bedside@1.0.1')
    .argument('<model>', 'NAME@VERSION, or NAME for its challenger')
    .option('--anyway', 'also a version that the gate refused')
    .addOption(live())
    .addOption(config())
    .action(async (id: string, { dir, json, anyway, ...flags }: ModelFlags & LiveFlags & { anyway?: boolean }) => {
      const { manifest, dir: place } = await verifyModel(dir, id.includes('@') ? id : `${id}@challenger`)
      const verdict = await readVerdict(place)
      if (verdict?.decision === 'refused' && anyway !== true) {
        const message = `the gate refused it (${verdict.reasons[0]}); --anyway promotes it all the same`
        throw new VigilError('usage', message, { place })
      }
      said(manifest.name, await promote(dir, manifest.name, manifest.version), json)
      await order(flags, manifest, 'promote')
    })
  add('rollback', 'the previous version becomes the champion again', 'rollback bedside --dir my-models')
    .argument('<name>', 'name of the model')
    .addOption(live())
    .addOption(config())
    .action(async (name: string, { dir, json, ...flags }: ModelFlags & LiveFlags) => {
      await verifyModel(dir, `${name}@previous`)
      const { manifest } = await openAnyModel(dir, name)
      said(name, await rollback(dir, name), json)
      await order(flags, manifest, 'rollback')
    })
  for (const [action, what] of [
    ['shadow', 'a version runs beside the champion in every service on Kafka, and raises nothing'],
    ['release', 'a version runs beside the champion no more'],
  ] as const)
    add(action, what, `${action} bedside@1.0.1 --config vigil.yaml`)
      .argument('<model>', 'NAME@VERSION')
      .addOption(config())
      .action(async (id: string, { dir, ...flags }: ModelFlags & LiveFlags) => {
        const { manifest } = await verifyModel(dir, id)
        await order({ ...flags, live: true }, manifest, action)
      })
  return models
}

interface LiveFlags {
  live?: boolean
  config?: string
}

const live = () => new Option('--live', 'tell the services on Kafka, too: they follow at once')
const config = () => new Option('--config <file>', 'settings of the services, for `kafka`')

/** Tell the services on Kafka what becomes of a version, where that is asked for. */
async function order(
  { live, config }: LiveFlags,
  { detector, name, version }: AnyManifest,
  action: ModelOrder['action'],
): Promise<void> {
  if (live !== true) return
  const settings = loadSettings(config, process.env)
  const by = userInfo().username.slice(0, 64)
  const order = { detector, action, model: `${name}@${version}`, at: Date.now(), by }
  const partitions = await sendOrder(settings.kafka, createLog(settings.log.level), order)
  process.stderr.write(
    `${action} ${order.model}: ordered in ${partitions} partitions of ${settings.kafka.topicPrefix}.models\n`,
  )
}

function said(name: string, aliases: ModelAliases, json?: boolean): void {
  const each = Object.entries(aliases).map(([alias, version]) => `${alias} ${version}`)
  if (json === true) printJson({ model: name, ...aliases })
  else process.stdout.write(`${name}: ${each.join(', ')}\n`)
}
