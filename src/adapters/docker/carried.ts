/** Turns what Docker's engine says of a container into the options that make another one like it, or into why not. */

import type { Container } from './container.ts';
import type { Option } from './definition.ts';
import {
  type Fields,
  fieldsOf,
  isEmpty,
  listOf,
  numberOf,
  pairsOf,
  sameJson,
  textOf,
  textsOf,
} from './json.ts';

export interface Carried {
  readonly options: readonly Option[];
  /** By the engine's own name: `HostConfig.Links`. */
  readonly problems: readonly string[];
}

/** How one field becomes options; undefined: it cannot. */
type Carrier = (value: unknown, container: Container) => readonly Option[] | undefined;

const NANOS = 1_000_000_000;

const text =
  (flag: string): Carrier =>
  (value) => [[flag, textOf(value)]];
const each =
  (flag: string): Carrier =>
  (value) =>
    textsOf(value).map((item) => [flag, item]);
const pairs =
  (flag: string, joint = '='): Carrier =>
  (value) =>
    pairsOf(value).map(([name, item]) => [flag, item === '' ? name : name + joint + item]);
const only =
  (flag: string): Carrier =>
  () => [[flag]];
/** Options where the value differs from what the engine does by itself. */
const unless =
  (usual: unknown, carrier: Carrier): Carrier =>
  (value, container) =>
    sameJson(value, usual) ? [] : carrier(value, container);
const nothing: Carrier = () => [];

/** In the order in which people write them; what is in none of the two tables is refused unless empty. */
const HOST: Readonly<Record<string, Carrier>> = {
  RestartPolicy: (_value, { restartPolicy }) =>
    restartPolicy === 'no' ? [] : [['--restart', restartPolicy]],
  NetworkMode: unless('default', text('--network')),
  PortBindings: published,
  Binds: each('--volume'),
  Mounts: (value) => all(listOf(value).map(mountWords)),
  Tmpfs: pairs('--tmpfs', ':'),
  Memory: text('--memory'),
  MemorySwap: text('--memory-swap'),
  MemoryReservation: text('--memory-reservation'),
  MemorySwappiness: unless(-1, text('--memory-swappiness')),
  NanoCpus: (value) => [['--cpus', String(numberOf(value) / NANOS)]],
  CpuShares: text('--cpu-shares'),
  CpuPeriod: text('--cpu-period'),
  CpuQuota: text('--cpu-quota'),
  CpuRealtimePeriod: text('--cpu-rt-period'),
  CpuRealtimeRuntime: text('--cpu-rt-runtime'),
  CpusetCpus: text('--cpuset-cpus'),
  CpusetMems: text('--cpuset-mems'),
  PidsLimit: text('--pids-limit'),
  BlkioWeight: text('--blkio-weight'),
  Ulimits: (value) =>
    listOf(value).map((item) => {
      const { Name, Soft, Hard } = fieldsOf(item);
      return ['--ulimit', `${textOf(Name)}=${textOf(Soft)}:${textOf(Hard)}`];
    }),
  OomScoreAdj: text('--oom-score-adj'),
  OomKillDisable: only('--oom-kill-disable'),
  ShmSize: unless(64 * 1024 * 1024, text('--shm-size')),
  CapAdd: each('--cap-add'),
  CapDrop: each('--cap-drop'),
  SecurityOpt: each('--security-opt'),
  Privileged: only('--privileged'),
  ReadonlyRootfs: only('--read-only'),
  GroupAdd: each('--group-add'),
  Devices: (value) => listOf(value).map(deviceWords),
  DeviceCgroupRules: each('--device-cgroup-rule'),
  Dns: each('--dns'),
  DnsOptions: each('--dns-option'),
  DnsSearch: each('--dns-search'),
  ExtraHosts: each('--add-host'),
  PidMode: text('--pid'),
  UTSMode: text('--uts'),
  UsernsMode: text('--userns'),
  IpcMode: unless('private', text('--ipc')),
  CgroupnsMode: text('--cgroupns'),
  CgroupParent: text('--cgroup-parent'),
  Runtime: unless('runc', text('--runtime')),
  Sysctls: pairs('--sysctl'),
  StorageOpt: pairs('--storage-opt'),
  Annotations: pairs('--annotation'),
  Init: only('--init'),
  PublishAllPorts: only('--publish-all'),
  LogConfig: logWords,
  // What the engine sets by itself, or what belongs to the one call that made the container.
  ...{ ConsoleSize: nothing, ContainerIDFile: nothing, AutoRemove: nothing },
  MaskedPaths: nothing,
  ReadonlyPaths: nothing,
};

const CONFIG: Readonly<Record<string, Carrier>> = {
  Hostname: (value, { id, hostConfig }) => {
    const isOwn = textOf(value) === id.slice(0, 12) || textOf(hostConfig['UTSMode']) === 'host';
    return isOwn ? [] : [['--hostname', textOf(value)]];
  },
  Domainname: text('--domainname'),
  User: text('--user'),
  WorkingDir: text('--workdir'),
  Tty: only('--tty'),
  OpenStdin: only('--interactive'),
  Labels: pairs('--label'),
  ExposedPorts: (value) => Object.keys(fieldsOf(value)).map((port) => ['--expose', port]),
  StopSignal: text('--stop-signal'),
  StopTimeout: text('--stop-timeout'),
  Healthcheck: healthWords,
  MacAddress: text('--mac-address'),
  // In the argv and the environment, in the mounts, or of no effect once the image is made.
  ...{ Env: nothing, Cmd: nothing, Entrypoint: nothing, Image: nothing, Volumes: nothing },
  ...{ AttachStdin: nothing, AttachStdout: nothing, AttachStderr: nothing, StdinOnce: nothing },
  ...{ OnBuild: nothing, Shell: nothing, ArgsEscaped: nothing },
};

/** `image`: the image's own Config; what a container has from there is not asked for again. */
export function carriedOptions(container: Container, image: Fields): Carried {
  const fromImage = (name: string, value: unknown): boolean =>
    name !== 'Labels' && name !== 'ExposedPorts' && sameJson(value, image[name]);
  const host = carry('HostConfig', HOST, container.hostConfig, container);
  const own = Object.entries(container.config).filter(([name, value]) => !fromImage(name, value));
  const config = carry('Config', CONFIG, withoutImage(Object.fromEntries(own), image), container);
  const network = networkOptions(container);
  const masked = ['MaskedPaths', 'ReadonlyPaths'].filter((name) => {
    const isPrivileged = container.hostConfig['Privileged'] === true;
    return !isPrivileged && name in container.hostConfig && isEmpty(container.hostConfig[name]);
  });
  return {
    options: [...host.options, ...network.options, ...volumeOptions(container), ...config.options],
    problems: [
      ...host.problems,
      ...network.problems,
      ...config.problems,
      ...masked.map((name) => `HostConfig.${name} (systempaths=unconfined)`),
    ],
  };
}

function withoutImage(config: Fields, image: Fields): Fields {
  const rest = (name: string): Fields =>
    Object.fromEntries(
      Object.entries(fieldsOf(config[name])).filter(
        ([key, value]) => !sameJson(value, fieldsOf(image[name])[key]),
      ),
    );
  return { ...config, Labels: rest('Labels'), ExposedPorts: rest('ExposedPorts') };
}

function carry(
  part: string,
  table: Readonly<Record<string, Carrier>>,
  fields: Fields,
  container: Container,
): Carried {
  const options = Object.entries(table).flatMap(([name, carrier]) =>
    isEmpty(fields[name]) ? [] : (carrier(fields[name], container) ?? []),
  );
  const problems = Object.entries(fields).flatMap(([name, value]) => {
    if (isEmpty(value)) return [];
    const isCarried = table[name]?.(value, container) !== undefined;
    return isCarried ? [] : [`${part}.${name}`];
  });
  return { options, problems };
}

function all(found: readonly (Option | undefined)[]): readonly Option[] | undefined {
  const known = found.filter((option) => option !== undefined);
  return known.length === found.length ? known : undefined;
}

function published(value: unknown): readonly Option[] {
  return Object.entries(fieldsOf(value)).flatMap(([port, bindings]) =>
    listOf(bindings).map((binding): Option => {
      const { HostIp, HostPort } = fieldsOf(binding);
      const ip = textOf(HostIp);
      const address = ip.includes(':') ? `[${ip}]:` : ip === '' ? '' : `${ip}:`;
      const hostPort = textOf(HostPort);
      return [
        '--publish',
        `${address}${hostPort === '' && address === '' ? '' : `${hostPort}:`}${port}`,
      ];
    }),
  );
}

function mountWords(value: unknown): Option | undefined {
  const { Type, Source, Target, ReadOnly, BindOptions, Consistency, ...others } = fieldsOf(value);
  const { Propagation, ...bind } = fieldsOf(BindOptions);
  const parts = [textOf(Type), textOf(Source), textOf(Target), textOf(Propagation)];
  const isPlain = parts.every((part) => !/[,"]/.test(part)) && Object.values(others).every(isEmpty);
  if (!isPlain || !Object.values(bind).every(isEmpty)) return undefined;
  const spec = [
    `type=${textOf(Type)}`,
    ...(isEmpty(Source) ? [] : [`source=${textOf(Source)}`]),
    `target=${textOf(Target)}`,
    ...(ReadOnly === true ? ['readonly'] : []),
    ...(isEmpty(Propagation) ? [] : [`bind-propagation=${textOf(Propagation)}`]),
    ...(isEmpty(Consistency) ? [] : [`consistency=${textOf(Consistency)}`]),
  ];
  return ['--mount', spec.join(',')];
}

function deviceWords(value: unknown): Option {
  const { PathOnHost, PathInContainer, CgroupPermissions } = fieldsOf(value);
  const parts = [PathOnHost, PathInContainer, CgroupPermissions].map(textOf);
  return ['--device', parts.join(':')];
}

/** A driver that was asked for by nobody is named too: the engine's default may be another one by now. */
function logWords(value: unknown): readonly Option[] {
  const { Type, Config } = fieldsOf(value);
  const options = pairsOf(Config).map(([name, item]): Option => ['--log-opt', `${name}=${item}`]);
  return [['--log-driver', textOf(Type)], ...options];
}

/** Times are in nanoseconds; a test that is no shell line cannot be said to `run`. */
function healthWords(value: unknown): readonly Option[] | undefined {
  const { Test, Interval, Timeout, StartPeriod, Retries, ...others } = fieldsOf(value);
  const [kind = '', line = '', ...more] = textsOf(Test);
  if (kind === 'NONE') return [['--no-healthcheck']];
  if (kind !== 'CMD-SHELL' || more.length > 0) return undefined;
  if (!Object.values(others).every(isEmpty)) return undefined;
  const time = (flag: string, nanos: unknown): readonly Option[] =>
    isEmpty(nanos) ? [] : [[flag, `${String(numberOf(nanos))}ns`]];
  return [
    ['--health-cmd', line],
    ...time('--health-interval', Interval),
    ...time('--health-timeout', Timeout),
    ...time('--health-start-period', StartPeriod),
    ...(isEmpty(Retries) ? [] : ([['--health-retries', textOf(Retries)]] as const)),
  ];
}

/** Volumes without a name, of the image or of `--volume /path`: the next container gets the very same. */
function volumeOptions({ mounts, hostConfig }: Container): readonly Option[] {
  const named = [
    ...textsOf(hostConfig['Binds']).map((bind) => bind.split(':')[1]),
    ...listOf(hostConfig['Mounts']).map((mount) => textOf(fieldsOf(mount)['Target'])),
  ];
  return mounts.flatMap(({ type, name, destination, isWritable }): readonly Option[] => {
    if (type !== 'volume' || named.includes(destination)) return [];
    return [['--volume', `${name}:${destination}${isWritable ? '' : ':ro'}`]];
  });
}

/** Addresses and names within the one network; a second network is not given at `run`. */
function networkOptions({ id, name, networks, hostConfig }: Container): Carried {
  const mode = textOf(hostConfig['NetworkMode']);
  const usual = mode === 'default' ? 'bridge' : mode;
  const names = Object.keys(networks);
  const others = names.filter((each) => each !== usual);
  if (others.length > 0 && names.length > 1) {
    return { options: [], problems: [`a second network (${others.join(', ')})`] };
  }
  const { IPAMConfig, Aliases, Links, DriverOpts } = fieldsOf(networks[usual]);
  const { IPv4Address, IPv6Address, ...more } = fieldsOf(IPAMConfig);
  const aliases = textsOf(Aliases).filter((each) => !id.startsWith(each) && each !== name);
  const odd = Object.entries({ Links, DriverOpts, ...more }).filter(([, value]) => !isEmpty(value));
  return {
    options: [
      ...(isEmpty(IPv4Address) ? [] : [['--ip', textOf(IPv4Address)] as const]),
      ...(isEmpty(IPv6Address) ? [] : [['--ip6', textOf(IPv6Address)] as const]),
      ...aliases.map((alias) => ['--network-alias', alias] as const),
    ],
    problems: odd.map(([field]) => `NetworkSettings.Networks.${usual}.${field}`),
  };
}
