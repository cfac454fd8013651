import { expect, test } from 'vitest'
import { channelOf } from '../../src/ingest/aliases.ts'
import { table } from './collect.ts'

test('a channel is known by its own name, whatever the case and the separators', () => {
  for (const { name, label } of table.channels) {
    expect([name, channelOf(name)]).toEqual([name, name])
    expect([label, channelOf(label)]).toEqual([label, name])
  }
})

test('monitors call them otherwise', () => {
  const names = ['ABP SYS', 'ART Mean', '%SpO2', 'NBPDias', 'NBP Mean', 'Tblood', 'awRR', '']
  expect(names.map(channelOf)).toEqual([
    'abp_sys',
    'abp_mean',
    'spo2',
    'nibp_dia',
    'nibp_mean',
    'temp',
    undefined,
    undefined,
  ])
})
