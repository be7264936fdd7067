/** Turns machines in boxes and a few wishes into a fresh http cluster on them. */

import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import type { Box, Boxes } from './boxes.ts';
import { until } from './boxes.ts';
import { program } from './programs.ts';

export interface BoxClusterOptions {
  /** Where the settings live; default `/etc/default/etcd`, as Debian has it. */
  readonly settings?: 'env-file' | 'yaml' | 'flags';
  /** How members and people call the hosts; default by IPv4 address. */
  readonly addresses?: 'ipv4' | 'ipv6' | 'names';
  /** The client port speaks https and demands a certificate. */
  readonly clientTls?: boolean;
  /** Logins are demanded; root's password is in `PASSWORD`. */
  readonly auth?: boolean;
  /** This member's host is seen by the others with another address than that of its peer URL. */
  readonly otherSource?: string;
}

export interface BoxCluster {
  readonly options: BoxClusterOptions;
  readonly names: readonly string[];
  readonly endpoints: readonly string[];
  /** A folder of the operator's for a plan file, not there yet, and what goes with it. */
  readonly folder: string;
  readonly planFile: string;
  /** `--cacert=...` and so on: etcdctl and `init` call them alike. */
  readonly clientFlags: readonly string[];
}

export const PASSWORD = 'a box of bells';
const ENV_FILE = '/etc/default/etcd';
const YAML_FILE = '/etc/etcd/etcd.yaml';
/** The administrator's own: it stands before any file that is written later. */
export const FLAGS_FILE = '/etc/systemd/system/etcd.service.d/10-site.conf';
const DATA = '/var/lib/etcd/default';
const CLIENT_PKI = '/etc/etcd/client';
/** The lab's folder on the operator's side where client certificates are kept. */
const CLIENT_FOLDER = 'client-pki';

/** A unit's stop ends by itself after 90 s (TimeoutStopSec) also when its cgroup is never seen empty. */
const STOP_MS = 120_000;

let clusters = 0;

/** Ends the cluster that was there, and starts another one with empty data directories. */
export async function startBoxCluster(
  lab: Boxes,
  options: BoxClusterOptions = {},
): Promise<BoxCluster> {
  clusters += 1;
  const folder = path.join(lab.home, `cluster-${String(clusters)}`);
  await mkdir(folder, { recursive: true });
  await Promise.all(lab.boxes.map((box) => wipe(lab, box)));
  if (options.clientTls === true) await makeClientPki(lab);
  await Promise.all(
    lab.boxes.map(async (box) => {
      if (box.name === options.otherSource) await useOtherSource(box);
      await writeSettings(lab, box, options);
    }),
  );
  await Promise.all(
    lab.boxes.map(async ({ name }) => {
      await lab.in(name, ['systemctl', 'daemon-reload']);
      await lab.in(name, ['systemctl', 'enable', '--quiet', 'etcd']);
      // Ready means: reached a quorum; so all of them at once.
      await lab.in(name, ['systemctl', 'start', 'etcd']);
    }),
  );
  const cluster: BoxCluster = {
    options,
    names: lab.boxes.map(({ name }) => name),
    endpoints: lab.boxes.map((box) => `${clientScheme(options)}://${hostOf(box, options)}:2379`),
    folder,
    planFile: path.join(folder, 'plan.yaml'),
    clientFlags: options.clientTls === true ? clientFlags(lab) : [],
  };
  await until('a healthy cluster', async () => await isHealthy(lab, cluster));
  if (options.auth === true) await turnAuthOn(lab, cluster);
  return cluster;
}

/** etcdctl where the operator is: it is taken out of a box's own packages. */
export async function boxEtcdctl(
  lab: Boxes,
  cluster: BoxCluster,
  words: readonly string[],
): Promise<string> {
  const etcdctl = path.join(lab.box('m1').root, 'usr/bin/etcdctl');
  const login = cluster.options.auth === true ? [`--user=root:${PASSWORD}`] : [];
  const at = [`--endpoints=${cluster.endpoints.join(',')}`, ...cluster.clientFlags, ...login];
  return await program(lab.inOperator([etcdctl, ...at, ...words]), {
    environment: { ETCDCTL_API: '3' },
  });
}

async function isHealthy(lab: Boxes, cluster: BoxCluster): Promise<boolean> {
  const plain = { ...cluster, options: { ...cluster.options, auth: false } };
  try {
    await boxEtcdctl(lab, plain, ['endpoint', 'health']);
    return true;
  } catch {
    return false;
  }
}

async function turnAuthOn(lab: Boxes, cluster: BoxCluster): Promise<void> {
  const plain = { ...cluster, options: { ...cluster.options, auth: false } };
  await boxEtcdctl(lab, plain, ['user', 'add', `root:${PASSWORD}`]);
  await boxEtcdctl(lab, plain, ['user', 'grant-role', 'root', 'root']);
  await boxEtcdctl(lab, plain, ['auth', 'enable']);
}

function clientScheme({ clientTls }: BoxClusterOptions): 'http' | 'https' {
  return clientTls === true ? 'https' : 'http';
}

/** As it stands in a URL. */
function hostOf(box: Box, { addresses }: BoxClusterOptions): string {
  if (addresses === 'ipv6') return `[${box.ipv6}]`;
  return addresses === 'names' ? box.dnsName : box.ipv4;
}

function settingsOf(lab: Boxes, box: Box, options: BoxClusterOptions): Record<string, string> {
  // Listeners are bound to addresses; names are for those who dial.
  const own = options.addresses === 'ipv6' ? `[${box.ipv6}]` : box.ipv4;
  const peers = lab.boxes.map((each) => `${each.name}=http://${hostOf(each, options)}:2380`);
  const scheme = clientScheme(options);
  const client = {
    'cert-file': `${CLIENT_PKI}/leaf.pem`,
    'key-file': `${CLIENT_PKI}/key.pem`,
    'trusted-ca-file': `${CLIENT_PKI}/ca.pem`,
    'client-cert-auth': 'true',
  };
  return {
    'listen-peer-urls': `http://${own}:2380`,
    'listen-client-urls': `${scheme}://${own}:2379`,
    'advertise-client-urls': `${scheme}://${hostOf(box, options)}:2379`,
    'initial-advertise-peer-urls': `http://${hostOf(box, options)}:2380`,
    'initial-cluster': peers.join(','),
    'initial-cluster-token': `boxes-${String(clusters)}`,
    'initial-cluster-state': 'new',
    ...(options.clientTls === true ? client : {}),
  };
}

async function writeSettings(lab: Boxes, box: Box, options: BoxClusterOptions): Promise<void> {
  const settings = settingsOf(lab, box, options);
  const entries = Object.entries(settings);
  switch (options.settings ?? 'env-file') {
    case 'env-file': {
      const lines = entries.map(
        ([flag, value]) => `ETCD_${flag.replaceAll('-', '_').toUpperCase()}="${value}"\n`,
      );
      await lab.write(box.name, ENV_FILE, `# etcd on ${box.name}\n\n${lines.join('')}`);
      return;
    }
    case 'yaml': {
      await lab.write(box.name, YAML_FILE, yamlText(box, settings));
      const start = '/usr/bin/etcd --config-file /etc/etcd/etcd.yaml';
      await lab.write(box.name, FLAGS_FILE, `[Service]\nExecStart=\nExecStart=${start}\n`);
      return;
    }
    case 'flags': {
      const flags = entries.map(([flag, value]) => `  --${flag}=${value}`).join(' \\\n');
      const start = `/usr/bin/etcd \\\n${flags}`;
      await lab.write(box.name, FLAGS_FILE, `[Service]\nExecStart=\nExecStart=${start}\n`);
      return;
    }
  }
}

function yamlText(box: Box, settings: Record<string, string>): string {
  const { [`cert-file`]: cert, ...rest } = settings;
  const plain = Object.entries(rest).filter(
    ([flag]) => !['key-file', 'trusted-ca-file', 'client-cert-auth'].includes(flag),
  );
  const lines = plain.map(([flag, value]) => `${flag}: ${value}\n`);
  const client = [
    'client-transport-security:\n',
    ...[`  cert-file: ${CLIENT_PKI}/leaf.pem\n`, `  key-file: ${CLIENT_PKI}/key.pem\n`],
    ...[`  trusted-ca-file: ${CLIENT_PKI}/ca.pem\n`, '  client-cert-auth: true\n'],
  ];
  // With a config file the JSON gateway, which the test's clients use, is off by default.
  const gateway = 'enable-grpc-gateway: true\n';
  const head = `# etcd on ${box.name}\nname: ${box.name}\ndata-dir: ${DATA}\n${gateway}`;
  return [head, ...lines, ...(cert === undefined ? [] : client)].join('');
}

/** The box as it was before it had a cluster: no data, no settings, no certificates, one address. */
async function wipe(lab: Boxes, box: Box): Promise<void> {
  // Whoever leads would look for a successor for 7 s, and all of them are to go.
  await lab.in(box.name, ['systemctl', 'stop', '--no-block', 'etcd']);
  await lab.endIn(box.name, ['systemctl', 'kill', '--kill-whom=main', '--signal=KILL', 'etcd']);
  await lab.in(box.name, ['systemctl', 'stop', 'etcd'], { deadlineMs: STOP_MS });
  await lab.in(box.name, ['systemctl', 'reset-failed']);
  const drop = '/etc/systemd/system/etcd.service.d';
  for (const gone of [DATA, '/etc/etcd', drop, ENV_FILE]) await lab.remove(box.name, gone);
  const kept = await lab.in(box.name, ['find', '/etc/default', '-name', 'etcd*']);
  for (const file of kept.split('\n').filter((line) => line !== '')) {
    await lab.remove(box.name, file);
  }
  const other = otherAddress(box);
  await program(['ip', '-n', box.namespace, 'addr', 'del', `${other}/24`, 'dev', 'host0']).catch(
    () => undefined,
  );
  await setRoute(box, box.ipv4);
}

/** Two addresses, and the one that nobody is told of is what others see. */
async function useOtherSource(box: Box): Promise<void> {
  const at = ['ip', '-n', box.namespace, 'addr', 'add', `${otherAddress(box)}/24`];
  await program([...at, 'dev', 'host0']);
  await setRoute(box, otherAddress(box));
}

function otherAddress({ number }: Box): string {
  return `10.77.0.${String(110 + number)}`;
}

async function setRoute({ namespace }: Box, source: string): Promise<void> {
  const route = ['10.77.0.0/24', 'dev', 'host0', 'proto', 'kernel', 'scope', 'link'];
  await program(['ip', '-n', namespace, 'route', 'replace', ...route, 'src', source]);
}

/** One CA and one leaf for all hosts and for the operator: who the clients are is not what is tried. */
async function makeClientPki(lab: Boxes): Promise<void> {
  const folder = path.join(lab.home, CLIENT_FOLDER);
  if (!existsSync(path.join(folder, 'leaf.pem'))) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const at = (name: string): string => path.join(folder, name);
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const ca = ['-subj', '/CN=client CA', '-days', '30', '-addext', 'keyUsage=keyCertSign,cRLSign'];
    await program([
      ...['openssl', 'req', '-x509', ...newKey, '-keyout', at('ca-key.pem')],
      ...['-out', at('ca.pem'), ...ca],
    ]);
    const names = lab.boxes.flatMap(({ ipv4, ipv6, dnsName }) => {
      return [`IP:${ipv4}`, `IP:${ipv6}`, `DNS:${dnsName}`];
    });
    const request = ['openssl', 'req', '-new', ...newKey, '-keyout', at('key.pem')];
    await program([...request, '-out', at('leaf.csr'), '-subj', '/CN=client']);
    await writeFile(at('leaf.ext'), `subjectAltName=${names.join(',')}\n`);
    const sign = ['openssl', 'x509', '-req', '-in', at('leaf.csr'), '-days', '30'];
    const by = ['-CA', at('ca.pem'), '-CAkey', at('ca-key.pem'), '-CAcreateserial'];
    await program([...sign, ...by, '-extfile', at('leaf.ext'), '-out', at('leaf.pem')]);
  }
  for (const box of lab.boxes) {
    for (const file of ['ca.pem', 'leaf.pem', 'key.pem']) {
      const text = await program(['cat', path.join(folder, file)]);
      await lab.write(box.name, path.join(CLIENT_PKI, file), text);
    }
    await lab.in(box.name, ['chown', '-R', 'etcd:', CLIENT_PKI]);
    await lab.in(box.name, ['chmod', '600', `${CLIENT_PKI}/key.pem`]);
  }
}

function clientFlags(lab: Boxes): readonly string[] {
  const at = (name: string): string => path.join(lab.home, CLIENT_FOLDER, name);
  return [`--cacert=${at('ca.pem')}`, `--cert=${at('leaf.pem')}`, `--key=${at('key.pem')}`];
}
