/** Turns a desired spec into the list of what it asks for and this version has no adapter for. */

import type { DesiredSpec } from '../model/desired.ts';

interface Choice {
  /** The key in the plan file. */
  readonly key: string;
  /** What this version can do; a new adapter adds its word here. */
  readonly supported: readonly string[];
  /** What the spec asks for, one value, or one for each member. */
  readonly asks: (desired: DesiredSpec) => string | readonly string[];
}

const CHOICES: readonly Choice[] = [
  {
    key: 'strategy',
    supported: [
      'documented',
      'dual-url',
      'dual-listener',
      'trust-first',
      'fewest-restarts',
      'rebuild',
    ],
    asks: ({ strategy }) => strategy,
  },
  { key: 'scope', supported: ['peer', 'client', 'peer+client'], asks: scopeWord },
  { key: 'memberApi', supported: ['grpc', 'etcdctl'], asks: ({ memberApi }) => memberApi },
  { key: 'cluster.via', supported: ['direct', 'ssh'], asks: ({ cluster }) => cluster.via },
  { key: 'pki.mode', supported: ['issue', 'provided', 'in-place'], asks: ({ pki }) => pki.mode },
  {
    key: 'host.transport',
    supported: ['local', 'ssh'],
    asks: ({ members }) => members.map(({ host }) => host.transport),
  },
  {
    key: 'host.sudo',
    supported: ['false', 'over ssh'],
    asks: ({ members }) =>
      members.map(({ host }) => (host.transport === 'ssh' ? 'over ssh' : sudoWord(host.sudo))),
  },
  {
    key: 'service.manager',
    supported: ['command', 'systemd', 'docker', 'static-pod'],
    asks: ({ members }) => members.map(({ service }) => service.manager),
  },
  {
    key: 'config.format',
    supported: ['env-file', 'yaml', 'flags'],
    asks: ({ members }) => members.map(formatWord),
  },
  {
    key: 'gates.deadman',
    supported: ['as given'],
    asks: deadManWord,
  },
  {
    key: 'gates.canary',
    supported: ['as given'],
    asks: canaryWord,
  },
];

/** What of the rest of the plan the clients cannot be moved with. */
function scopeWord({ scope, strategy, memberApi, cluster, members }: DesiredSpec): string {
  if (scope === 'peer') return scope;
  const managers = members.map(({ service }) => service.manager);
  const beside = [
    ...(strategy === 'rebuild' && scope === 'peer+client' ? ['strategy: rebuild'] : []),
    ...(memberApi === 'etcdctl' ? ['memberApi: etcdctl'] : []),
    ...(cluster.via === 'ssh' ? ['cluster.via: ssh'] : []),
    ...(['docker', 'static-pod'] as const)
      .filter((manager) => managers.includes(manager))
      .map((manager) => `service.manager: ${manager}`),
  ];
  return beside.length === 0 ? scope : `${scope} (with ${beside.join(' and ')})`;
}

/** No file alone puts all members, a pod or a container back. */
function deadManWord({ strategy, gates, members }: DesiredSpec): string {
  const managers = members.map(({ service }) => service.manager);
  const beside = ['rebuild', 'docker', 'static-pod'].find((word) => {
    return word === strategy || managers.some((manager) => manager === word);
  });
  return gates.deadmanMs === undefined || beside === undefined ? 'as given' : `on (with ${beside})`;
}

/** Through etcdctl each write would be a command on a host; nobody serves while all members are restarted at once. */
function canaryWord({ strategy, memberApi, gates }: DesiredSpec): string {
  if (gates.canary === false) return 'as given';
  if (memberApi === 'etcdctl') return 'on (with memberApi: etcdctl)';
  return strategy === 'rebuild' ? 'on (with rebuild)' : 'as given';
}

/** In a unit flags can be written anew; in a script that a command starts they are somebody's own. */
function formatWord({ config, service }: DesiredSpec['members'][number]): string {
  const { manager } = service;
  const holdsThem = manager === 'static-pod' || manager === 'docker';
  if (holdsThem && config.format !== 'flags')
    return `${config.format} (with service.manager: ${manager})`;
  if (config.format !== 'flags' || holdsThem || manager === 'systemd') return config.format;
  return `flags (with service.manager: ${service.manager})`;
}

function sudoWord(sudo: DesiredSpec['members'][number]['host']['sudo']): string {
  if (sudo === false) return 'false';
  return sudo === 'without-password' ? sudo : 'with a password';
}

/** `members[0].host.transport: ssh`, `strategy: dual-url`: empty when this version can do it all. */
export function unsupported(desired: DesiredSpec): readonly string[] {
  return CHOICES.flatMap(({ key, supported, asks }) => {
    const asked = asks(desired);
    if (typeof asked === 'string') return supported.includes(asked) ? [] : [`${key}: ${asked}`];
    return asked.flatMap((value, index) =>
      supported.includes(value) ? [] : [`members[${String(index)}].${key}: ${value}`],
    );
  });
}
