import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { brokerTests } from './scripts/broker.js'
import { findChromium } from './scripts/browser.js'

const chromium = process.env.VIGIL_CHROMIUM ?? findChromium()
const cores = availableParallelism()
/** What speaks to a real broker is a project of its own; the rest of its folder are unit tests. */
const kafka = brokerTests()

/** One after the other: what measures time, opens ports or drives a browser must not share the two cores with others. */
function alone(
  name: string,
  order: number,
  setup = './tests/setup/code.ts',
  include: readonly string[] = [`tests/${name}/**/*.test.ts`],
): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include: [...include],
      globalSetup: [setup],
      sequence: { groupOrder: order },
      ...(name === 'kafka' ? { maxWorkers: cores } : { fileParallelism: false }),
      testTimeout: name === 'long' ? 1_800_000 : 120_000,
      hookTimeout: 120_000,
    },
  }
}

const projects: TestProjectInlineConfiguration[] = [
  {
    extends: true,
    test: {
      name: 'unit',
      include: ['tests/**/*.test.ts'],
      exclude: [...configDefaults.exclude, 'tests/{laws,integration,browser,gpu,long}/**', ...kafka],
      globalSetup: ['./tests/setup/code.ts'],
      sequence: { groupOrder: 0 },
      maxWorkers: cores,
      // ends what hangs; how fast a thing is nobody asks here, and some tests train a network beside whatever else wants the cores
      testTimeout: 60_000,
    },
  },
  {
    extends: true,
    test: {
      name: 'laws',
      include: ['tests/laws/**/*.test.ts'],
      globalSetup: ['./tests/setup/code.ts'],
      sequence: { groupOrder: 1 },
      maxWorkers: cores,
      testTimeout: 120_000,
    },
  },
  // commands in processes of their own: none of these tests measures time
  {
    extends: true,
    test: {
      name: 'integration',
      include: ['tests/integration/**/*.test.ts'],
      globalSetup: ['./tests/setup/code.ts'],
      sequence: { groupOrder: 2 },
      maxWorkers: cores,
      testTimeout: 180_000,
      hookTimeout: 180_000,
    },
  },
]
if (process.env.VIGIL_BROKER !== 'none') projects.push(alone('kafka', 3, './tests/setup/broker.ts', kafka))
if (chromium) projects.push(alone('browser', 4, './tests/setup/page.ts'))
if (process.env.VIGIL_GPU !== 'none') projects.push(alone('gpu', 5))
if (process.env.VIGIL_LONG) projects.push(alone('long', 6))

export default defineConfig({
  test: {
    pool: 'forks',
    env: { ...(chromium && { VIGIL_CHROMIUM: chromium }) },
    projects,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/dashboard/web/**', 'src/**/*.d.ts'],
      reporter: ['text-summary', 'json-summary'],
      reportOnFailure: true,
      reportsDirectory: 'coverage',
    },
  },
})
