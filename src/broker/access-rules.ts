/** What a user may do with resources of one kind. Operations as Kafka names them: `Read`, `Write`, `Describe` ... */
export interface AccessRule {
  readonly user: string
  readonly resource: 'topic' | 'group' | 'transactional-id' | 'cluster'
  /** of the cluster there is one, without a name */
  readonly names?: readonly string[]
  /** the names are the beginnings of names */
  readonly prefixed?: boolean
  readonly operations: readonly string[]
}

/** The class of Kafka's tools that changes access rules. */
export const ACL_COMMAND = 'org.apache.kafka.tools.AclCommand'

/** Its arguments for one rule. A denying broker without a rule for a resource allows nobody. */
export function aclArguments(server: string, rule: AccessRule): string[] {
  const names = rule.resource === 'cluster' ? [] : (rule.names ?? [])
  return [
    ...['--bootstrap-server', server, '--add', '--allow-principal', `User:${rule.user}`],
    ...rule.operations.flatMap((operation) => ['--operation', operation]),
    ...(rule.resource === 'cluster' ? ['--cluster'] : names.flatMap((name) => [`--${rule.resource}`, name])),
    ...(rule.prefixed ? ['--resource-pattern-type', 'prefixed'] : []),
  ]
}
