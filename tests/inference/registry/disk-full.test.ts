import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const DIST = new URL('../../../dist/inference/registry/', import.meta.url).href

/** A file system of 64 kB that this process alone sees: the kernel says when it is full. */
const inSmallSpace = (script: string) =>
  spawnSync(
    'unshare',
    [
      '--map-root-user',
      '--mount',
      'sh',
      '-c',
      `d=$(mktemp -d) && mount -t tmpfs -o size=64k none $d && cd $d && ${script}`,
    ],
    { encoding: 'utf8' },
  )
const possible = process.platform === 'linux' && inSmallSpace('true').status === 0
if (!possible) process.stdout.write('skipped: a full disk needs Linux, and the right to mount a tmpfs\n')

const node = (code: string) => `${process.execPath} --input-type=module -e '${code}'`

describe.runIf(possible)('on a full disk', () => {
  it('a version is refused with its code and leaves nothing; one that fits is added afterwards', () => {
    const code = `
      import { readdirSync } from "node:fs"
      const { addVersion } = await import("${DIST}versions.js")
      const error = await addVersion("m/1.0.0", [["card.md", "card"], ["model.onnx", Buffer.alloc(100_000)]]).catch((it) => it)
      console.log(JSON.stringify([error.code, error.message, readdirSync("m")]))
      await addVersion("m/1.0.0", [["card.md", "card"]])
      console.log(JSON.stringify(readdirSync("m")))`
    const { stdout, stderr } = inSmallSpace(node(code))
    expect(stderr).toBe('')
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([['registry-unwritable', 'the disk is full; the registry is as it was', []], ['1.0.0']])
  })

  it('aliases stay as they were, and the lock can be taken again', () => {
    const code = `
      import { readdirSync, readFileSync, writeFileSync } from "node:fs"
      const { replaceFile } = await import("${DIST}durable.js")
      const { lockFolder } = await import("${DIST}lock.js")
      const fill = (bytes) => { try { writeFileSync("fill", Buffer.alloc(bytes)) } catch {} }
      await replaceFile("aliases.json", "old", async () => {})
      fill(1e6)
      const codes = []
      codes.push((await replaceFile("aliases.json", "new", async () => {}).catch((it) => it)).code)
      codes.push((await lockFolder(".", "a test").catch((it) => it)).code)
      fill(0)
      await (await lockFolder(".", "a test")).release()
      console.log(JSON.stringify([codes, readFileSync("aliases.json", "utf8"), readdirSync(".").sort()]))`
    const { stdout, stderr } = inSmallSpace(node(code))
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual([
      ['registry-unwritable', 'registry-unwritable'],
      'old',
      ['.lock.1', 'aliases.json', 'fill'],
    ])
  })
})
