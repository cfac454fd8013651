/**
 * What recordings call our channels, in lower case without spaces, underscores and percent signs.
 * Sources: MIMIC II and III waveform databases' numerics, BIDMC, Philips IntelliVue labels.
 */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  hr: ['hr', 'heartrate', 'ecghr'],
  pulse: ['pulse', 'pr', 'pulserate', 'spo2pulse', 'pulse(spo2)'],
  spo2: ['spo2', 'sao2', 'o2sat'],
  resp: ['resp', 'rr', 'respiration', 'resprate', 'respiratoryrate'],
  nibp_sys: ['nbpsys', 'nibpsys', 'nbpsyst', 'nbps', 'nibps'],
  nibp_dia: ['nbpdias', 'nbpdia', 'nibpdias', 'nibpdia', 'nbpd', 'nibpd'],
  nibp_mean: ['nbpmean', 'nibpmean', 'nbpm', 'nibpm'],
  abp_sys: ['abpsys', 'artsys', 'abps', 'arts', 'abpsyst'],
  abp_dia: ['abpdias', 'abpdia', 'artdias', 'artdia', 'abpd', 'artd'],
  abp_mean: ['abpmean', 'artmean', 'abpm', 'artm'],
  cvp: ['cvp', 'cvpmean'],
  pap_sys: ['papsys', 'paps'],
  pap_dia: ['papdias', 'papdia', 'papd'],
  pap_mean: ['papmean', 'papm'],
  temp: ['temp', 'temperature', 'tblood', 'tcore', 'trect', 'tesoph', 'tskin'],
  etco2: ['etco2', 'co2et'],
  fio2: ['fio2', 'ino2'],
  icp: ['icp', 'icpmean'],
  cpp: ['cpp'],
  co: ['co', 'c.o.', 'cardiacoutput'],
  pi: ['pi', 'perf', 'perfusionindex'],
}

const CHANNEL_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(ALIASES).flatMap(([channel, names]) => names.map((name) => [name, channel] as const)),
)

/** The built-in channel a recording means by a signal or column name ("ABP Sys", "%SpO2"), or undefined. */
export function channelOf(name: string): string | undefined {
  return CHANNEL_OF.get(name.toLowerCase().replace(/[\s_%-]/g, ''))
}
