import type { Command, Option } from 'commander'
import { describe, expect, test } from 'vitest'
import { benchCommand } from '../../src/commands/bench.ts'
import { vigil } from '../integration/vigil.ts'

const benches = benchCommand().commands.filter((it) => it.name() !== 'all' && it.name() !== 'scale')
const flags = benches.flatMap((bench) => bench.options.map((option) => ({ bench: bench.name(), option })))
const numbers = flags.filter(({ option }) => /<n[,>]/.test(option.flags))

const taken = ({ parseArg }: Option, text: string): unknown => parseArg!(text, undefined)
const longs = (bench: Command) => bench.options.map(({ long }) => long)

/** What is no number, and what a number of a flag may not be. 0 is a rate that leaves a run out, and nothing else. */
const NEVER = ['abc', '', ' ', 'NaN', 'Infinity', '-1', '1e999', '0x', '1,']
const isCount = ({ long, flags }: Option) => long !== '--paced-at' || flags.includes('...')

describe('numbers of the benches', () => {
  test('there are many, and each bench names what its keys name', () => {
    expect(numbers.length).toBeGreaterThan(40)
    const of = (name: string) => longs(benches.find((it) => it.name() === name)!)
    expect(of('step')).toEqual(expect.arrayContaining(['--batch', '--threads', '--patients', '--provider', '--hidden']))
    expect(of('kafka')).toEqual(
      expect.arrayContaining(['--readings', '--patients', '--paced-at', '--commit-interval-ms']),
    )
    expect(of('train')).toEqual(expect.arrayContaining(['--engine', '--chunk', '--batch']))
    expect(of('replay')).toEqual(expect.arrayContaining(['--beds', '--hours', '--cadence-seconds']))
  })

  test.each(numbers.map(({ bench, option }) => [`${bench} ${option.long}`, option] as const))(
    '%s takes no word, nothing below its least and nothing without end',
    (_, option) => {
      for (const text of NEVER) expect(() => taken(option, text), text).toThrow(/number/)
      if (isCount(option)) expect(() => taken(option, '0')).toThrow(/number/)
      expect(taken(option, '100')).toEqual(option.flags.includes('...') ? [100] : 100)
    },
  )
})

describe('on the command line', () => {
  test.each([
    [2, ['step', '--threads', '0'], /threads/],
    [2, ['step', '--batch', '64,0'], /batch/],
    [2, ['pipeline', '--provider', 'nosuch'], /provider/],
    [2, ['kafka', '--patients', '0'], /patients/],
    [2, ['kafka', '--commit-interval-ms', '5'], /10 to 5000/],
    [2, ['latency', '--paced-at', '1000,0'], /paced-at/],
    [2, ['catchup', '--pause-seconds', '0'], /pause-seconds/],
    [2, ['all', '--only', 'nosuch'], /no bench is named nosuch/],
    [1, ['step', '--provider', 'cuda', '--batch', '1'], /provider-unavailable/],
    [1, ['scale', '--results', '/nowhere'], /config-invalid/],
  ] as const)('%i: vigil bench %j', async (code, args, why) => {
    const ran = await vigil(['bench', ...args])
    expect(ran).toMatchObject({ code, stdout: '' })
    expect(ran.stderr).toMatch(why)
  })
})
