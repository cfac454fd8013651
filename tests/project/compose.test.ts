import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { dashboards } from '../../scripts/dashboards.js'
import { filesBelow } from '../../scripts/files.js'
import { ROOT } from '../../scripts/setup.js'
import { loadSettings, settingRows } from '../../src/config.ts'
import { METRICS, type Metric } from '../../src/metrics/table.ts'
import { environment, healthCommand, said, stages, startCommand } from './image.ts'

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

interface Container {
  image: string
  environment?: Record<string, string | number>
  volumes?: string[]
  ports?: string[]
  command?: string[]
  healthcheck?: { disable?: boolean }
  deploy: { resources: { limits: { cpus: string; memory: string } } }
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Container>
  volumes: Record<string, null>
}
const services = Object.entries(compose.services)

/** The names of series that a text of PromQL asks for, without what a histogram adds to its own. */
const series = (text: string): string[] =>
  [...text.matchAll(/\bvigil_[a-z0-9_]+\b/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''))

describe('docker-compose.yml', () => {
  const schema = JSON.parse(read('tests/fixtures/compose/compose-spec.json'))
  const fits = new Ajv2020({ strict: false, allErrors: true }).compile(schema)

  test('fits the Compose Specification, which refuses what it does not know', () => {
    expect(fits(compose), JSON.stringify(fits.errors)).toBe(true)
    expect(fits({ services: { vigil: { image: 'x', memory_limit: '1g' } } })).toBe(false)
  })

  test('every file and folder it mounts is there, and every volume is declared', () => {
    const mounts = services.flatMap(([, it]) => it.volumes ?? []).map((mount) => mount.split(':')[0]!)
    const [files, volumes] = [mounts.filter((it) => it.startsWith('.')), mounts.filter((it) => !it.startsWith('.'))]
    expect(files.length).toBeGreaterThan(3)
    expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    expect(volumes.toSorted()).toEqual(Object.keys(compose.volumes).toSorted())
  })

  test('every image has a version, every service limits and, but for the ward, its health', () => {
    expect(services.filter(([, { image }]) => !/:(?!latest)[\w.]+$/.test(image))).toEqual([])
    expect(
      services.filter(([, { deploy }]) => !deploy.resources.limits.memory || !deploy.resources.limits.cpus),
    ).toEqual([])
    const unasked = services.filter(
      ([, it]) => it.healthcheck?.disable || (!it.healthcheck && it.image !== 'vigil:local'),
    )
    expect(unasked.map(([name]) => name)).toEqual(['ward'])
  })

  test('every port is of this machine alone', () => {
    const ports = services.flatMap(([, it]) => it.ports ?? [])
    expect(ports.length).toBeGreaterThan(3)
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
  })

  test('Kafka keeps one replica of everything, and Vigil is told only settings that there are', () => {
    const kafka = compose.services['kafka']!.environment!
    const replicas = Object.entries(kafka).filter(([name]) => /REPLICATION_FACTOR|ISR|INSYNC/.test(name))
    expect(replicas.length).toBe(7)
    expect(replicas.filter(([, value]) => value !== 1)).toEqual([])
    const known = settingRows().map(({ variable }) => variable)
    const docker = [...read('Dockerfile').matchAll(/\bVIGIL_[A-Z_]+/g)].map(([name]) => name)
    const told = [...docker, ...services.flatMap(([, it]) => Object.keys(it.environment ?? {}))]
    expect(told.filter((name) => name.startsWith('VIGIL_') && !known.includes(name))).toEqual([])
  })
})

const DASHBOARDS = filesBelow('deploy/grafana/dashboards')

describe('what watches Vigil', () => {
  const known = Object.values(METRICS).map(({ name }) => name as string)

  test('every rule and every panel asks for metrics that there are', () => {
    for (const file of ['deploy/prometheus/vigil.rules.yml', ...DASHBOARDS]) {
      const asked = series(read(file))
      expect(asked.length).toBeGreaterThan(10)
      expect(asked.filter((name) => !known.includes(name))).toEqual([])
    }
    expect(series('rate(vigil_nothing_bucket[5m])').filter((name) => !known.includes(name))).toEqual(['vigil_nothing'])
  })

  test('every label that is asked for by value can have it', () => {
    const texts = ['deploy/prometheus/vigil.rules.yml', ...DASHBOARDS].map(read).join('\n')
    const asked = [
      ...texts.replaceAll('\\"', '"').matchAll(/\b(vigil_[a-z0-9_]+)\{(\w+)(?:=|!=|=~|!~)"([^"]+)"\}/g),
    ].filter(([, , label]) => label !== 'le')
    expect(asked.length).toBeGreaterThan(10)
    for (const [, metric, label, wanted] of asked) {
      const { labels } = Object.values<Metric>(METRICS).find(({ name }) => name === metric)!
      for (const value of wanted!.split('|')) expect(labels[label!], metric).toContain(value)
    }
  })

  test('every rule says how grave it is, and in a sentence what happened', () => {
    const { groups } = parse(read('deploy/prometheus/vigil.rules.yml')) as {
      groups: { rules: { alert: string; labels: { severity: string }; annotations: { summary: string } }[] }[]
    }
    const rules = groups.flatMap((group) => group.rules).filter(({ alert }) => alert !== undefined)
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const rule of rules) {
      // `none`: it always fires, and its absence is the alarm
      expect(rule.alert === 'VigilWatchdog' ? ['none'] : ['critical', 'warning']).toContain(rule.labels.severity)
      expect(rule.annotations.summary).toMatch(/[.]$/)
    }
  })

  test.each(DASHBOARDS)(
    '%s: panels ask the data source that is provisioned, and each has a place of its own',
    (file) => {
      const { uid } = parse(read('deploy/grafana/provisioning/datasources/prometheus.yml')).datasources[0]
      const { panels } = JSON.parse(read(file)) as {
        panels: { id: number; datasource: { uid: string }; gridPos: { x: number; y: number; w: number; h: number } }[]
      }
      expect(panels.filter(({ datasource }) => datasource.uid !== uid)).toEqual([])
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
      )
      expect(new Set(cells).size).toBe(cells.length)
      expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([])
    },
  )

  test('every metric is on a panel, and no two dashboards have one name', () => {
    expect(DASHBOARDS.map((file) => file.split('/').at(-1))).toEqual([...dashboards().keys()].toSorted())
    const drawn = new Set(DASHBOARDS.flatMap((file) => series(read(file))))
    expect(known.filter((name) => !drawn.has(name))).toEqual([])
    expect(new Set([...dashboards().values()].map(({ uid }) => uid)).size).toBe(5)
  })

  test('Prometheus and Grafana are given every file of their folders, and nothing that is not there', () => {
    expect(filesBelow('deploy').toSorted()).toEqual([
      'deploy/alertmanager/alertmanager.yml',
      ...DASHBOARDS,
      'deploy/grafana/provisioning/dashboards/vigil.yml',
      'deploy/grafana/provisioning/datasources/prometheus.yml',
      'deploy/prometheus/prometheus.yml',
      'deploy/prometheus/vigil.rules.yml',
    ])
    const { rule_files } = parse(read('deploy/prometheus/prometheus.yml'))
    expect(rule_files).toEqual(['/etc/prometheus/vigil.rules.yml'])
  })
})

describe('Dockerfile', () => {
  const all = stages()
  const images = all.filter((stage) => said(stage, 'ENTRYPOINT') !== undefined)
  const named = (name: string) => all.find((stage) => stage.name === name)!

  test('copies what .dockerignore lets in', () => {
    const let_in = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1))
    expect(let_in.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    expect(statSync(join(ROOT, 'scripts/build.js')).isFile()).toBe(true)
    const sources = named('vigil').lines.flatMap((line) => line.split(' ').slice(2, -1))
    expect(sources.length).toBeGreaterThan(5)
    const made = ['dist', 'node_modules']
    const wanted = sources.map((path) => path.replace('/vigil/', ''))
    expect(wanted.filter((path) => !let_in.includes(path) && !made.includes(path))).toEqual([])
  })

  test('makes two images, the one without a device by default; neither runs as root, both are the same Vigil', () => {
    expect(images.map(({ name }) => name)).toEqual(['cuda', undefined])
    expect(all.at(-1)).toBe(images[1])
    for (const image of images) {
      expect(said(image, 'USER')).toMatch(/^(node|1000:1000)$/)
      expect(image.lines).toContain('COPY --from=vigil /vigil /vigil')
      expect(environment(image)).toMatchObject({ NODE_ENV: 'production', ORT_DISABLE_TELEMETRY: '1' })
    }
    const [cuda, plain] = images.map((image) => [startCommand(image), healthCommand(image)])
    expect(cuda).toEqual(plain)
  })

  test('the CUDA image has the libraries by the documented command, tries the device first, and keeps the processor behind it', () => {
    const [, install] = /`(ONNXRUNTIME_NODE_INSTALL=[^`]+)`/.exec(read('docs/inference.md'))!
    expect(said(named('cuda-libraries'), 'RUN')).toContain(install)
    const metadata = read('node_modules/onnxruntime-node/script/install-metadata.js')
    expect(metadata).toContain("'linux/x64': ['cuda12']")
    expect(existsSync(join(ROOT, 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64'))).toBe(true)
    const image = named('cuda')
    expect(image.from).toMatch(/^nvidia\/cuda:12\..*-cudnn-runtime-/)
    const { VIGIL_INFERENCE_PROVIDERS } = environment(image)
    expect(loadSettings(undefined, { VIGIL_INFERENCE_PROVIDERS }).inference.providers).toEqual(['cuda', 'cpu'])
    expect(read('k8s/overlays/gpu/kustomization.yaml')).toMatch(/vigil:\d+\.\d+\.\d+-cuda'/)
  })
})
