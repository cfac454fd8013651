import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { projectFiles } from '../../scripts/files.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const pages = projectFiles().filter((file) => file.endsWith('.md') && !file.startsWith('tests/'))

/** What GitHub makes of a heading: lower case, spaces to dashes, without what is neither letter, digit nor dash. */
const anchorOf = (heading: string) =>
  heading
    .replace(/`/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')

const anchors = (page: string) =>
  new Set([...read(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => anchorOf(heading!)))

/** Links of a page that lead nowhere: a file that is not there, or a heading that the page has not. */
function broken(page: string): string[] {
  const prose = read(page).replace(/```[\s\S]*?```/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target]) => {
    if (/^[a-z]+:/i.test(target!)) return []
    const [path, anchor] = target!.split('#') as [string, string?]
    const file = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path))
    if (!existsSync(join(ROOT, file))) return [`${page}: ${target}`]
    if (anchor === undefined || !file.endsWith('.md') || anchors(file).has(anchor)) return []
    return [`${page}: ${target}`]
  })
}

describe('documentation', () => {
  test('every link within the project leads to a file that is there, and to a heading that the page has', () => {
    expect(pages.length).toBeGreaterThan(20)
    expect(pages.flatMap(broken)).toEqual([])
  })

  test('a file of the code that a page names is there', () => {
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/`((?:src|scripts|tests)\/[\w./-]+\.(?:ts|js|tsx))`/g)].map(([, file]) => ({
        page,
        file,
      })),
    )
    expect(named.length).toBeGreaterThan(20)
    const gone = named.filter(({ page, file }) => !page.startsWith('CHANGELOG') && !existsSync(join(ROOT, file!)))
    expect(gone).toEqual([])
  })
})

describe('every shipped model', () => {
  const versions = readdirSync(join(ROOT, 'models'))
    .filter((name) => statSync(join(ROOT, 'models', name)).isDirectory())
    .flatMap((name) =>
      readdirSync(join(ROOT, 'models', name))
        .filter((version) => !version.startsWith('.'))
        .map((version) => join('models', name, version)),
    )

  test.each(versions)('%s is at most 2 MB and says in its card how long its units remember', (dir) => {
    expect(statSync(join(ROOT, dir, 'model.onnx')).size).toBeLessThanOrEqual(2e6)
    expect(read(join(dir, 'card.md'))).toMatch(/Memory half-lives .*\d+\.\d \/ \d+\.\d \/ \d+\.\d/)
  })
})
