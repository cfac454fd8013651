// `vigil.example.yaml`: every setting with what it is for and what it is by default, each line commented out.
import { rule } from './configuration.js'

/** @param {string} text @param {number} width @returns {string[]} lines of whole words */
function wrapped(text, width) {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.length - 1
    if (lines[last] !== '' && `${lines[last]} ${word}`.length > width) lines.push(word)
    else lines[last] = lines[last] === '' ? word : `${lines[last]} ${word}`
  }
  return lines
}

/** @param {import('./configuration.js').SettingRow} row */
function setting({ path, schema, fallback }) {
  const about = [schema.description, fallback === undefined ? rule(schema) : undefined].filter(Boolean).join('; ')
  const comment = about === '' ? [] : wrapped(about, 110).map((line) => `  ## ${line}`)
  // a table's built-in values stand in docs/configuration.md: what is named here changes single fields of it
  const value = fallback === undefined ? '' : ` ${schema.type === 'object' ? '{}' : JSON.stringify(fallback)}`
  return [...comment, `  #${path[1]}:${value}`].join('\n')
}

/** @param {readonly import('./configuration.js').SettingRow[]} settings */
export function example(settings) {
  const sections = [...new Set(settings.map(({ path }) => path[0]))]
  const body = sections.map((section) =>
    [`${section}:`, ...settings.filter(({ path }) => path[0] === section).map(setting)].join('\n'),
  )
  return `## Every setting of Vigil, written by \`npm run contracts\`. What is commented out is as it is by default; take the
## \`#\` before a key away to change it. Each also from the environment: VIGIL_SECTION_KEY. See docs/configuration.md.

${body.join('\n\n')}
`
}
