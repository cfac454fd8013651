import { describe, expect, test } from 'vitest'
import { aclArguments } from '../../src/broker/access-rules.ts'
import { address } from '../../src/broker/address.ts'
import { brokerProperties, type Ports, propertiesFile } from '../../src/broker/properties.ts'

const PORTS: Ports = { plaintext: 1, controller: 2, secure: {}, proxied: [] }
const CERTIFICATES = { ca: '', caFile: '/t/ca.pem', certFile: '', keyFile: '', brokerFile: '/t/broker.pem' }

describe('broker properties', () => {
  test('every internal topic has one replica, and nothing listens beyond 127.0.0.1', () => {
    const properties = brokerProperties({}, PORTS, '/t/data', undefined)
    for (const topic of ['offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic'])
      expect(properties[`${topic}.replication.factor`]).toBe('1')
    expect(properties['transaction.state.log.min.isr']).toBe('1')
    expect(properties['listeners']).toBe('PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2')
    expect(Object.keys(properties).filter((name) => /ssl|sasl|authorizer/.test(name))).toEqual([])
  })

  test('a proxied listener tells its clients the proxy, not itself', () => {
    const ports = { ...PORTS, proxied: [{ port: 3, told: '127.0.0.1:33' }] }
    expect(brokerProperties({ proxies: 1 }, ports, '/t/data', undefined)).toMatchObject({
      listeners: 'PLAINTEXT://127.0.0.1:1,PROXIED1://127.0.0.1:3,CONTROLLER://127.0.0.1:2',
      'advertised.listeners': 'PLAINTEXT://127.0.0.1:1,PROXIED1://127.0.0.1:33',
    })
  })

  test('secure listeners speak their protocol with their own log-in', () => {
    const ports = { ...PORTS, secure: { tls: 4, 'mutual-tls': 5, scram: 6, plain: 7 } }
    const users = { nurse: 'a"b' }
    const properties = brokerProperties({ users, denying: true }, ports, '/t/data', CERTIFICATES)
    expect(properties['listener.security.protocol.map']).toBe(
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,TLS:SSL,MUTUAL_TLS:SSL,SCRAM:SASL_SSL,PLAIN:SASL_SSL',
    )
    expect(properties['listener.name.mutual_tls.ssl.client.auth']).toBe('required')
    expect(properties['listener.name.plain.plain.sasl.jaas.config']).toContain('user_nurse="a\\"b";')
    expect(properties['super.users']).toBe('User:ANONYMOUS')
  })

  test('what is asked for goes over what we choose, and a file escapes what Java would read as more', () => {
    const properties = brokerProperties({ properties: { 'node.id': 7, x: 'a\\b\nc' } }, PORTS, '/t', undefined)
    expect(properties['node.id']).toBe('7')
    expect(propertiesFile({ x: properties['x']! })).toBe('x=a\\\\b\\nc\n')
  })
})

test('an access rule names every resource and operation; the cluster has no name', () => {
  const rule = { user: 'u', resource: 'topic', names: ['a', 'b'], prefixed: true, operations: ['Read'] } as const
  expect(aclArguments('h:1', rule).join(' ')).toBe(
    '--bootstrap-server h:1 --add --allow-principal User:u --operation Read --topic a --topic b --resource-pattern-type prefixed',
  )
  expect(aclArguments('h:1', { user: 'u', resource: 'cluster', operations: ['IdempotentWrite'] })).toContain(
    '--cluster',
  )
})

test('an address splits at its last colon', () => {
  expect([address('localhost:9092'), address('[::1]:1')]).toEqual([
    { host: 'localhost', port: 9092 },
    { host: '::1', port: 1 },
  ])
})
