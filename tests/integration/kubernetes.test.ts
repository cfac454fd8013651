import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { loadSettings } from '../../src/config.ts'
import { openModel } from '../../src/inference/model-store.ts'
import { vigil } from './vigil.ts'

const run = promisify(execFile)
const CACHE = resolve('.cache', 'kubernetes')
const KUSTOMIZE = join(CACHE, 'kustomize')
const VALIDATE = join(CACHE, 'venv', 'bin', 'kubernetes-validate')
const READY = join(CACHE, 'ready')
const OVERLAYS = ['development', 'production', 'gpu', 'vault'] as const
/** One gateway writes the file of a vault, so there the gateway alone ends before the next one begins. */
const recreated = (overlay: string, name: string) => overlay === 'vault' && name === 'vigil-hl7'

/** kustomize by Go and kubernetes-validate by Python, made once. */
async function install(): Promise<void> {
  if (existsSync(READY)) return
  await run('go', ['install', 'sigs.k8s.io/kustomize/kustomize/v5@v5.7.1'], { env: { ...process.env, GOBIN: CACHE } })
  await run('python3', ['-m', 'venv', join(CACHE, 'venv')])
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'kubernetes-validate==1.37.0']
  await run(join(CACHE, 'venv', 'bin', 'python'), pip)
  await writeFile(READY, '')
}

interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly command?: readonly string[]
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } }
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly securityContext: object
  readonly resources: { readonly requests: object; readonly limits: { readonly memory: string } }
  readonly volumeMounts: readonly { readonly name: string; readonly readOnly?: boolean; readonly mountPath: string }[]
  readonly startupProbe?: object
  readonly readinessProbe?: object
  readonly livenessProbe?: object
}
interface Pod {
  readonly automountServiceAccountToken: boolean
  readonly securityContext: object
  readonly containers: readonly Container[]
  readonly volumes?: readonly { readonly name: string }[]
  readonly terminationGracePeriodSeconds?: number
}
interface Thing {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: Record<string, never> & {
    readonly template?: { readonly spec: Pod }
    readonly jobTemplate?: { readonly spec: { readonly template: { readonly spec: Pod } } }
    readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> }
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> }
    readonly strategy?: object
    readonly replicas?: number
    readonly minReadySeconds?: number
    readonly maxUnavailable?: number
    readonly minReplicas?: number
  }
}

/** The two that write the registry: the trainer, and who fills it first. */
const writesModels = ({ args, command }: Container) => args?.[0] === 'retrain' || command !== undefined
/** The gateway, with a vault. */
const writesVault = (overlay: string, { args }: Container, mountPath: string) =>
  overlay === 'vault' && args?.[0] === 'hl7' && mountPath === '/var/lib/vigil/vault'
const podOf = ({ spec }: Thing) => spec?.template?.spec ?? spec?.jobTemplate?.spec.template.spec
const wanted = Boolean(process.env['CI']) || existsSync(READY)
if (!wanted)
  process.stdout.write('skipped: kustomize and kubernetes-validate are installed with Go and pip only in CI\n')

describe.runIf(wanted)('the manifests of k8s/', () => {
  const built = new Map<string, string>()
  beforeAll(async () => {
    await install()
    for (const overlay of OVERLAYS) {
      const { stdout } = await run(KUSTOMIZE, ['build', `k8s/overlays/${overlay}`], { maxBuffer: 1e7 })
      built.set(overlay, stdout)
    }
  }, 600_000)
  const things = (overlay: string) => parseAllDocuments(built.get(overlay)!).map((it) => it.toJS() as Thing)

  test.each(OVERLAYS)(
    '%s: built by kustomize, they fit the API of Kubernetes 1.31 and of the newest known',
    async (overlay) => {
      const file = join(CACHE, `${overlay}.yaml`)
      await writeFile(file, built.get(overlay)!)
      for (const version of ['1.31', '1.35']) {
        const { stdout, stderr } = await run(VALIDATE, ['--strict', '-k', version, file])
        const said = `${stdout}${stderr}`
        expect(said).not.toMatch(/ERROR/)
        const unknown = [...said.matchAll(/find schema for kind (\w+)/g)].map(([, kind]) => kind)
        // the operator's own kinds are not Kubernetes'
        expect(unknown.filter((kind) => kind !== 'ServiceMonitor' && kind !== 'PrometheusRule')).toEqual([])
        expect(said.match(/passed for resource/g)?.length).toBeGreaterThanOrEqual(15)
      }
    },
  )

  test.each(OVERLAYS)(
    '%s: every pod is fit for the restricted profile, bounded, and has no token of the cluster',
    (overlay) => {
      const pods = things(overlay).flatMap((it) => podOf(it) ?? [])
      expect(pods).toHaveLength(5)
      for (const pod of pods) {
        expect(pod.automountServiceAccountToken).toBe(false)
        expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
        for (const container of pod.containers) {
          expect(container.securityContext).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          })
          expect(container.image).toMatch(/:\d+\.\d+\.\d+(-cuda)?$/)
          expect(container.resources.limits.memory).toBeDefined()
          for (const { mountPath, readOnly } of container.volumeMounts)
            expect(
              readOnly === true ||
                mountPath === '/tmp' ||
                writesModels(container) ||
                writesVault(overlay, container, mountPath),
              mountPath,
            ).toBe(true)
        }
      }
    },
  )

  test.each(OVERLAYS)(
    '%s: secrets are named, none is there; every workload has a disruption budget and a network policy',
    (overlay) => {
      const all = things(overlay)
      expect(all.filter(({ kind }) => kind === 'Secret')).toEqual([])
      const named = (kind: string) => all.filter((it) => it.kind === kind).map(({ metadata }) => metadata.name)
      const deployments = named('Deployment')
      expect(deployments.toSorted()).toEqual(['vigil-deliver', 'vigil-hl7', 'vigil-serve'])
      expect(named('PodDisruptionBudget').toSorted()).toEqual(deployments.toSorted())
      expect(named('NetworkPolicy').toSorted()).toEqual(['default-deny', ...deployments, 'vigil-trainer'].toSorted())
      for (const it of all.filter(({ kind }) => kind === 'Deployment')) {
        // one process more before one less, and each asked whether it is ready
        if (!recreated(overlay, it.metadata.name))
          expect(it.spec.strategy).toMatchObject({ rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } })
        for (const container of podOf(it)!.containers)
          for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const)
            expect(container[probe]).toBeDefined()
      }
    },
  )

  test.each(OVERLAYS)('%s: a roll-out blinds no bed', (overlay) => {
    const all = things(overlay)
    const of = (kind: string, name: string) =>
      all.find((it) => it.kind === kind && it.metadata.name === name)! as { spec: Thing['spec'] }
    for (const { kind, metadata, spec } of all.filter((it) => it.kind === 'Deployment')) {
      const { name } = metadata
      // a new process is ready for a while before an old one is told to end, and none is taken before
      if (!recreated(overlay, name))
        expect(spec.strategy, name).toMatchObject({
          type: 'RollingUpdate',
          rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
        })
      expect(spec.minReadySeconds, name).toBeGreaterThanOrEqual(5)
      expect(of('PodDisruptionBudget', name).spec.maxUnavailable, name).toBe(1)
      const pod = podOf({ kind, metadata, spec })!
      const [container] = pod.containers
      expect(container!.readinessProbe, name).toMatchObject({ httpGet: { path: '/readyz' } })
      // what a process is given before it is killed: the sleep, and twice the 10 s in which it saves and leaves
      const sleep = container!.lifecycle?.preStop.sleep.seconds ?? 0
      expect(sleep, name).toBe(name === 'vigil-deliver' ? 0 : 5)
      expect(pod.terminationGracePeriodSeconds, name).toBeGreaterThanOrEqual(sleep + 20)
    }
    if (overlay === 'development') return
    expect(of('Deployment', 'vigil-serve').spec.replicas).toBeGreaterThanOrEqual(2)
    if (overlay !== 'vault') expect(of('Deployment', 'vigil-hl7').spec.replicas).toBeGreaterThanOrEqual(2)
    expect(of('HorizontalPodAutoscaler', 'vigil-serve').spec.minReplicas).toBeGreaterThanOrEqual(2)
  })

  test.each(OVERLAYS)('%s: the settings and the commands are ones that Vigil knows', async (overlay) => {
    const { stdout } = await vigil(['--help'])
    const known = new Set([...stdout.matchAll(/^ {2}([a-z0-9]+)/gm)].map(([, name]) => name))
    for (const it of things(overlay)) {
      if (it.kind === 'ConfigMap') {
        const file = join(CACHE, `${overlay}-settings.yaml`)
        await writeFile(file, (it as unknown as { data: Record<string, string> }).data['vigil.yaml']!)
        expect(loadSettings(file, {}).http.host).toBe('0.0.0.0')
      }
      for (const { args, command, env = [] } of podOf(it)?.containers ?? []) {
        if (command === undefined) expect(known, args![0]).toContain(args![0])
        const own = Object.fromEntries(
          env
            .filter(({ name, value }) => name.startsWith('VIGIL_') && value !== undefined)
            .map(({ name, value }) => [name, value!]),
        )
        expect(() => loadSettings(undefined, own)).not.toThrow()
      }
    }
  })

  test('with a vault one gateway writes it, its key is a secret, and who delivers can only read it', () => {
    const all = things('vault')
    const deployment = (name: string) => all.find((it) => it.kind === 'Deployment' && it.metadata.name === name)!
    const hl7 = deployment('vigil-hl7')
    expect([hl7.spec.replicas, hl7.spec.strategy]).toEqual([1, { type: 'Recreate' }])
    expect(all.find(({ kind, metadata }) => kind === 'PersistentVolumeClaim' && metadata.name === 'vigil-vault')!.spec).toMatchObject({ accessModes: ['ReadWriteMany'] }) // biome-ignore format: one thing
    for (const [name, readOnly] of [
      ['vigil-hl7', undefined],
      ['vigil-deliver', true],
    ] as const) {
      const pod = podOf(deployment(name))!
      const [container] = pod.containers
      const own = Object.fromEntries((container!.env ?? []).map((it) => [it.name, it.value]))
      const { vault } = loadSettings(undefined, {
        VIGIL_VAULT_FILE: own['VIGIL_VAULT_FILE'],
        VIGIL_VAULT_KEY_FILE: own['VIGIL_VAULT_KEY_FILE'],
      })
      const at = (path: string) => container!.volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`))!
      expect(at(vault.file!)).toMatchObject({ name: 'vault', ...(readOnly && { readOnly }) })
      expect(at(vault.keyFile!)).toMatchObject({ name: 'vault-key', readOnly: true })
      expect(pod.volumes).toContainEqual({
        name: 'vault-key',
        secret: { secretName: 'vigil-vault', defaultMode: 0o440 },
      })
      expect(pod.volumes).toContainEqual({
        name: 'vault',
        persistentVolumeClaim: { claimName: 'vigil-vault', ...(readOnly && { readOnly }) },
      })
    }
    expect(podOf(deployment('vigil-serve'))!.volumes!.some((it) => it.name.startsWith('vault'))).toBe(false)
  })

  test('the GPU overlay asks for one device and keeps the CPU behind it', () => {
    const serve = podOf(
      things('gpu').find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'vigil-serve')!,
    )!.containers[0]!
    expect(serve.resources.limits).toMatchObject({ 'nvidia.com/gpu': 1 })
    const own = Object.fromEntries((serve.env ?? []).map(({ name, value }) => [name, value]))
    expect(
      loadSettings(undefined, { VIGIL_INFERENCE_PROVIDERS: own['VIGIL_INFERENCE_PROVIDERS'] }).inference.providers,
    ).toEqual(['cuda', 'cpu'])
  })
})

test('the first models come as their job says, and what is there already stays', async () => {
  const [job] = parseAllDocuments(readFileSync('k8s/base/first-models.yaml', 'utf8')).map((it) => it.toJS() as Thing)
  const [program, ...args] = podOf(job!)!.containers[0]!.command!
  const registry = await mkdtemp(join(tmpdir(), 'vigil-first-models-'))
  try {
    const own = args.map((it) => it.replace("'/vigil/models'", "'./models'").replace('/var/lib/vigil/models', registry))
    await run(program!, own)
    expect((await openModel(registry, 'bedside')).manifest.name).toBe('bedside')
    const aliases = join(registry, 'aliases.json')
    await writeFile(aliases, '{}')
    await run(program!, own)
    expect(readFileSync(aliases, 'utf8')).toBe('{}')
  } finally {
    await rm(registry, { recursive: true })
  }
})

test("the operator's rules are those of deploy/prometheus", () => {
  const rules = parse(readFileSync('deploy/prometheus/vigil.rules.yml', 'utf8'))
  const operator = parse(readFileSync('k8s/components/service-monitor/rules.yaml', 'utf8'))
  expect(operator.spec).toEqual(rules)
})

test('every file of k8s/ belongs to a kustomization', () => {
  const files = readdirSync('k8s', { recursive: true, withFileTypes: true }).filter(
    (it) => it.isFile() && it.name.endsWith('.yaml'),
  )
  for (const { parentPath, name } of files.filter((it) => it.name !== 'kustomization.yaml'))
    expect(readFileSync(join(parentPath, 'kustomization.yaml'), 'utf8'), join(parentPath, name)).toContain(name)
})
