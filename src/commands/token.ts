import { Command, Option } from 'commander'
import { VigilError } from '../errors.ts'
import { ROLES, type Role, TokenFile } from '../http/roles.ts'
import { newToken } from '../http/tokens.ts'
import { printJson } from './options.ts'

export function tokenCommand(): Command {
  return new Command('token')
    .description('a new token for the HTTP listener: its holder keeps it, the tokens file keeps its hash')
    .argument('<name>', 'who it is for: a system, a ward, a team; never a patient')
    .addOption(new Option('--role <role>', 'what its holder may do').choices(ROLES).makeOptionMandatory())
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nsubscriber: reads the ward and its alerts. clinician: also acts on them. operator: also reads metrics.\n' +
        '\nExample:\n  vigil token ward-7 --role clinician\n',
    )
    .action((name: string, { role, json }: { role: Role; json?: boolean }) => {
      const made = newToken(name, role)
      const fits = TokenFile.safeParse({ tokens: [made.entry] })
      if (!fits.success) throw new VigilError('usage', fits.error.issues[0]!.message)
      if (json) return printJson(made)
      process.stdout.write(
        `${made.token}\n\nIt is shown this once. Its line in the file of http.tokensFile:\n\ntokens:\n  - ${JSON.stringify(made.entry)}\n`,
      )
    })
}
