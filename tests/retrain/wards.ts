import { join } from 'node:path'
import { type ModelBundle, openModel } from '../../src/inference/model-store.ts'
import { promote } from '../../src/inference/registry/promotion.ts'
import { SETTINGS, type WardSetting } from '../../src/ingest/simulator/settings.ts'
import { simulatedInputs } from '../../src/ingest/simulator/ward.ts'
import { random } from '../../src/random.ts'
import { type Collected, collector } from '../../src/retrain/collect.ts'
import { splitWindow, type Window } from '../../src/retrain/window.ts'
import type { Stay } from '../../src/training/dataset.ts'
import { staysInMemory } from '../../src/training/named-stays.ts'
import type { Recipe } from '../../src/training/recipe.ts'
import { bedside } from '../../src/training/recipes/bedside.ts'
import { trainForecaster } from '../../src/training/train.ts'
import { channelTable } from '../../src/vitals/channels.ts'
import type { Reading } from '../../src/vitals/reading.ts'
import { engineMissing } from '../setup/engines.ts'

/** What small networks are trained on here: the native engine where it is set up, for it is the quickest by far. */
export const ENGINE = engineMissing('tensorflow') ? 'wasm' : 'tensorflow'

export const TABLE = channelTable()
const START = Date.UTC(2026, 0, 5, 8)
const ALWAYS = { from: 0, to: Number.POSITIVE_INFINITY }

export interface WardSize {
  readonly beds: number
  readonly hours: number
}

/** What a simulated ward sends in some hours. */
export function collected(setting: WardSetting['name'], seed: number, { beds, hours }: WardSize): Collected {
  const window = collector(ALWAYS)
  const ward = { setting: SETTINGS[setting], beds, seed, hours, start: START }
  for (const { inputs } of simulatedInputs(ward, TABLE)) window.take(inputs)
  return window.end()
}

export const windowOf = (of: Collected): Window => splitWindow(of, TABLE, bedside.channels, 0.6)

/** A registry whose champion is a small network that knows another ward, and that a little. */
export async function smallChampion(
  registry: string,
  seed: number,
  hidden: number,
  epochs: number,
): Promise<ModelBundle> {
  const { stays, sha256 } = windowOf(collected('training', 1000 + seed, { beds: 24, hours: 0.25 }))
  const names = (part: keyof typeof stays) => stays[part].map(({ name }) => name)
  const recipe: Recipe = {
    ...bedside,
    name: 'small',
    version: '1.0.0',
    hidden,
    layers: 1,
    copies: 1,
    fit: { ...bedside.fit, validateEvery: 2, peakRate: 1e-2 },
    split: {
      train: names('train'),
      validation: names('validation'),
      calibration: names('calibration'),
      test: names('test'),
    },
  }
  const options = { dataDirs: [], out: registry, engine: ENGINE, seed, epochs, log: () => {} } as const
  await trainForecaster(recipe, options, async () => staysInMemory(recipe, stays, sha256))
  await promote(registry, 'small', '1.0.0')
  return openModel(registry, 'small')
}

/** Three ways in which what is trained on may be wrong, while the ward it will serve is as it is. */
export const SPOILT = {
  /** every third value is noise in its channel's range */
  corrupted: (stay: Stay, seed: number): Stay => {
    const { uniform } = random(seed)
    return withValues(stay, (value, channel) => {
      const [low, high] = TABLE.channels[channel]!.range
      return uniform() < 1 / 3 ? Math.round(low + (high - low) * uniform()) : value
    })
  },
  /** the right values in a wrong order */
  shuffled: (stay: Stay, seed: number): Stay => {
    const { uniform } = random(seed)
    const order = stay.readings.map((_, i) => i)
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(uniform() * (i + 1))
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    }
    return {
      name: stay.name,
      readings: stay.readings.map((reading, i) => {
        const { channels, values, statuses } = stay.readings[order[i]!]!
        return { ...reading, channels, values, statuses }
      }),
    }
  },
  /** another unit, or a transducer that is off: every value is a fifth too low */
  shifted: (stay: Stay): Stay => withValues(stay, (value) => Math.round(0.8 * value)),
} as const

function withValues({ name, readings }: Stay, change: (value: number, channel: number) => number): Stay {
  const changed = (reading: Reading): Reading => ({
    ...reading,
    values: reading.values.map((value, i) => (Number.isNaN(value) ? value : change(value, reading.channels[i]!))),
  })
  return { name, readings: readings.map(changed) }
}

/** The window with what the fit sees spoilt: what it trains, validates and is calibrated on. What judges it is true. */
export function spoilt(window: Window, how: keyof typeof SPOILT, seed: number): Window {
  const spoil = (stay: Stay, i: number) => SPOILT[how](stay, seed * 1000 + i)
  const { train, validation, calibration, test } = window.stays
  return {
    ...window,
    stays: {
      train: train.map(spoil),
      validation: validation.map(spoil),
      calibration: calibration.map(spoil),
      test,
    },
  }
}

export const versionDir = (registry: string, version: string): string => join(registry, 'small', version)
