import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { ensurePrometheus } from '../../scripts/prometheus.js'
import { SHIPPED_MODELS } from '../../src/app.ts'
import { otherVersion } from '../../src/bench/other-version.ts'
import { freePorts } from '../../src/broker/free-ports.ts'
import { framed } from '../../src/hl7/mllp.ts'
import { challenge, promote } from '../../src/inference/registry/promotion.ts'
import { bedside } from '../../src/training/recipes/bedside.ts'
import { webhookReceiver } from '../delivery/receivers.ts'
import { oru } from '../hl7/messages.ts'
import { start, vigil } from '../integration/vigil.ts'
import { brokers, wardSettings } from './broker.ts'

const binaries = ensurePrometheus()
const wanted = binaries !== undefined || process.env['CI'] === 'true'
if (!wanted)
  process.stdout.write("skipped: no Prometheus here (Debian's packages prometheus and prometheus-alertmanager)\n")

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function started(program: string, args: string[]): ChildProcess {
  const child = spawn(program, args, { stdio: 'ignore' })
  closing.push(() => void child.kill('SIGKILL'))
  return child
}

/** A registry for a ward and its trainer: a small champion with a reference and a budget, the shipped model in its shadow. */
async function registry(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-prometheus-models-'))
  closing.push(() => rmSync(dir, { recursive: true }))
  const bins = { n: 1000, edges: [0], shares: [0.5, 0.5] }
  await otherVersion(SHIPPED_MODELS, 'bedside', dir, {
    version: '2.0.0',
    hidden: 8,
    layers: 1,
    seed: 7,
    manifest: (manifest) => ({
      ...manifest,
      site: { budgetPerPatientDay: 1, patients: 10, patientDays: 10, alarms: 10 },
      reference: {
        channels: manifest.channels.map(() => ({ ...bins, missing: 0 })),
        score: bins,
        exceedance: manifest.horizons.map(() => 0.01),
      },
    }),
  })
  await promote(dir, 'bedside', '2.0.0')
  await challenge(dir, 'bedside', bedside.version)
  return dir
}

/** Alertmanager's webhook: the names of alarms that reached people. */
async function onCall() {
  const told = new Map<string, string>()
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      for (const { labels, annotations } of JSON.parse(body).alerts) told.set(labels.alertname, annotations.runbook_url)
      response.end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closing.push(() => server.close())
  return { told, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

describe.runIf(wanted)('a real Prometheus with a real Alertmanager', () => {
  test('scrapes every process; every panel has data; the dead man is heard, and so is a process that dies', async () => {
    const settings = wardSettings({ partitions: 2 })
    const common = {
      VIGIL_KAFKA_BROKERS: JSON.stringify(brokers),
      VIGIL_KAFKA_TOPIC_PREFIX: settings.topicPrefix,
      VIGIL_KAFKA_GROUP: settings.group,
      VIGIL_KAFKA_PARTITIONS: '2',
      VIGIL_HTTP_PORT: '0',
      VIGIL_HL7_PORT: '0',
      VIGIL_HL7_SECRET: 'a secret of these tests',
    }
    const dir = await registry()
    const recording = join(dir, 'ward.ndjson')
    await vigil(['simulate', '--beds', '24', '--hours', '0.25', '--out', recording])
    const pager = await webhookReceiver(() => 204)
    closing.push(() => pager.close())
    const processes = [
      start(['serve'], { ...common, VIGIL_MODELS_DIR: dir }),
      start(['hl7'], common),
      start(['deliver'], {
        ...common,
        VIGIL_DELIVER_RECEIVERS: JSON.stringify([{ kind: 'webhook', name: 'pager', url: pager.url }]),
      }),
      start(['retrain', '--every', '1h', '--port', '0'], {
        ...common,
        VIGIL_MODELS_DIR: dir,
        VIGIL_RETRAIN_RECORDINGS: recording,
        VIGIL_RETRAIN_EPOCHS: '3',
        VIGIL_RETRAIN_ENGINE: 'wasm',
        VIGIL_RETRAIN_HELD_OUT: '0.6',
      }),
    ]
    for (const it of processes) closing.push(() => it.signal('SIGKILL'))
    const urls: string[] = []
    for (const it of processes) urls.push((await it.said(/metrics: (http\S+)\/metrics/))[1]!)
    const [, mllp] = await processes[1]!.said(/Listening for HL7 on \S+:(\d+)/)

    // a bed with a low saturation, by HL7, so that something comes in, is scored, alarms and goes out
    const monitor = connect(Number(mllp), '127.0.0.1')
    closing.push(() => monitor.destroy())
    monitor.on('error', () => {})
    let beat = 0
    const dtm = (at: number) => `${new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)}+0000`
    const beating = setInterval(() => {
      const value = beat < 8 ? 97 : 71
      monitor.write(
        framed(
          oru({
            control: `c${beat++}`,
            obr: `OBR|1||||||${dtm(Date.now())}`,
            obx: [`OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||${value}`, 'OBX|2|NM|999999^MDC_X^MDC||1'],
          }),
        ),
      )
    }, 500)
    closing.push(() => clearInterval(beating))

    const folder = mkdtempSync(join(tmpdir(), 'vigil-prometheus-'))
    const { told, url } = await onCall()
    const [prometheus, alertmanager] = await freePorts(2)
    const targets = urls.map((it) => it.replace('http://', ''))
    writeFileSync(
      join(folder, 'prometheus.yml'),
      JSON.stringify({
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: [resolve('deploy/prometheus/vigil.rules.yml')],
        alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanager}`] }] }] },
        scrape_configs: [{ job_name: 'vigil', static_configs: [{ targets }] }],
      }),
    )
    writeFileSync(
      join(folder, 'alertmanager.yml'),
      JSON.stringify({
        route: { receiver: 'on-call', group_by: ['alertname'], group_wait: '1s' },
        receivers: [{ name: 'on-call', webhook_configs: [{ url }] }],
      }),
    )
    started(binaries!['prometheus-alertmanager'], [
      `--config.file=${folder}/alertmanager.yml`,
      `--storage.path=${folder}/alerts`,
      `--web.listen-address=127.0.0.1:${alertmanager}`,
      '--cluster.listen-address=',
    ])
    started(binaries!.prometheus, [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${prometheus}`,
      '--rules.alert.resend-delay=5s',
    ])
    const query = async (expression: string): Promise<{ value: [number, string] }[]> => {
      const answer = await fetch(
        `http://127.0.0.1:${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`,
      ).catch(() => undefined)
      const body =
        answer &&
        ((await answer.json()) as { status: string; data: { result: { value: [number, string] }[] }; error?: string })
      if (body?.status === 'error') throw new Error(`${expression}: ${body.error}`)
      return body?.data.result ?? []
    }
    await expect
      .poll(async () => (await query('sum(up{job="vigil"})'))[0]?.value[1], { timeout: 40_000, interval: 500 })
      .toBe('4')
    await expect.poll(() => told.has('VigilWatchdog'), { timeout: 40_000 }).toBe(true)
    expect(told.get('VigilWatchdog')).toBe('docs/runbooks/VigilWatchdog.md')

    // every query of every dashboard, until each has given something
    const expressions = new Set<string>()
    for (const name of readdirSync('deploy/grafana/dashboards'))
      for (const panel of JSON.parse(readFileSync(join('deploy/grafana/dashboards', name), 'utf8')).panels)
        for (const { expr } of panel.targets ?? []) expressions.add(expr)
    // a bed's first risk comes after an hour of it, and a distribution is compared from 2,000 sampled frames on
    const later = ['vigil_risk_', 'figure="stability"']
    const empty = new Set([...expressions].filter((it) => !later.some((part) => it.includes(part))))
    expect(expressions.size - empty.size).toBe(3)
    const filled = (which: (expression: string) => boolean) =>
      expect
        .poll(
          async () => {
            const asked = [...empty].filter(which)
            for (const expression of asked) if ((await query(expression)).length > 0) empty.delete(expression)
            return [...empty].filter(which)
          },
          { timeout: 90_000, interval: 1000 },
        )
        .toEqual([])
    await filled((it) => !it.includes('vigil_retrain_'))
    // the trainer's first cycle ends while a dead process is found out
    processes[0]!.signal('SIGKILL')
    await filled(() => true)
    await expect.poll(() => [...told.keys()], { timeout: 60_000 }).toContain('VigilDown')
  }, 240_000)
})
