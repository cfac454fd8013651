import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { VigilError } from '../errors.ts'

const execute = promisify(execFile)

/** An authority of our own with a broker's certificate for 127.0.0.1 and localhost, and a client's. PEM, valid two days. */
export interface Certificates {
  /** the authority's certificate, as text and as a file */
  readonly ca: string
  readonly caFile: string
  /** the client's, of common name `CLIENT_NAME` */
  readonly certFile: string
  readonly keyFile: string
  /** key and certificate of the broker in one file */
  readonly brokerFile: string
}

/** Whom a mutual-TLS listener takes the client for. */
export const CLIENT_NAME = 'vigil-client'

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/**
 * Make them with openssl.
 * @param folder of this broker alone: the authority's key stays there
 * @throws VigilError `broker-unavailable` where openssl cannot be run
 */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const at = (name: string): string => join(folder, name)
  const openssl = async (...args: string[]): Promise<void> => {
    try {
      await execute('openssl', args, { cwd: folder })
    } catch (cause) {
      throw new VigilError('broker-unavailable', `TLS listeners need openssl, which failed: openssl ${args[0]}`, {
        cause,
      })
    }
  }
  await openssl(
    'req',
    '-x509',
    ...KEY,
    '-days',
    '2',
    '-subj',
    '/CN=Vigil test authority',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  )
  const signed = async (name: string, commonName: string, extensions: string): Promise<void> => {
    writeFileSync(at(`${name}.ext`), extensions)
    await openssl('req', ...KEY, '-subj', `/CN=${commonName}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    await openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    )
  }
  await signed('broker', 'localhost', 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  await signed('client', CLIENT_NAME, 'extendedKeyUsage=clientAuth\n')
  writeFileSync(
    at('broker-store.pem'),
    readFileSync(at('broker.key'), 'utf8') + readFileSync(at('broker.pem'), 'utf8'),
    { mode: 0o600 },
  )
  return {
    ca: readFileSync(at('ca.pem'), 'utf8'),
    caFile: at('ca.pem'),
    certFile: at('client.pem'),
    keyFile: at('client.key'),
    brokerFile: at('broker-store.pem'),
  }
}
