/** Turns a migrated cluster into the files that the people around it need: scraping, API server, secrets, etcdctl. */

import { tableLines } from './table.ts';

export interface HandoffInput {
  readonly planName: string;
  readonly members: readonly HandoffMember[];
  /** Paths on the operator's machine, from cluster.tls; undefined when client URLs speak http. */
  readonly clientTls: TlsPaths | undefined;
  /** The content of those files, where all could be read. */
  readonly client: TlsTexts | undefined;
  /** One leaf for all members: one peer secret. */
  readonly isShared: boolean;
  /** Why there are no peer secrets; undefined when there are. */
  /** Whose traffic; absent: the peers'. */
  readonly moved?: string;
  readonly noPeerSecrets: string | undefined;
}

export interface HandoffMember {
  readonly name: string;
  readonly clientUrls: readonly string[];
  readonly peer: TlsTexts | undefined;
  /** Paths on its host, from its settings: the certificate that it shows to clients. */
  readonly server: TlsPaths | undefined;
}

export interface TlsPaths {
  readonly ca: string;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface TlsTexts {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface HandoffFile {
  readonly name: string;
  readonly text: string;
  readonly hasKey: boolean;
  readonly what: string;
}

/** All of them are for their owner only; those with `hasKey` hold a private key. */
export function handoffFiles(input: HandoffInput): readonly HandoffFile[] {
  const files = [
    prometheus(input),
    apiServer(input),
    etcdctl(input),
    ...peerSecrets(input),
    ...clientSecret(input),
    ...serverSecret(input),
  ];
  return [readme(input, files), ...files];
}

function prometheus({ members, clientTls, planName }: HandoffInput): HandoffFile {
  const targets = endpoints(members).map((url) => `          - ${quoted(withoutScheme(url))}`);
  const scheme = isHttps(members) ? 'https' : 'http';
  const text = [
    'scrape_configs:',
    "  - job_name: 'etcd'",
    `    scheme: '${scheme}'`,
    ...tlsConfig(clientTls, scheme),
    '    static_configs:',
    '      - targets:',
    ...targets,
    '        labels:',
    `          cluster: ${quoted(planName)}`,
    '',
  ].join('\n');
  return { name: 'prometheus.yml', text, hasKey: false, what: 'scrape job for Prometheus' };
}

function tlsConfig(tls: TlsPaths | undefined, scheme: string): readonly string[] {
  if (scheme === 'http' || tls === undefined) return [];
  return [
    '    tls_config:',
    `      ca_file: ${quoted(tls.ca)}`,
    ...(tls.cert === undefined ? [] : [`      cert_file: ${quoted(tls.cert)}`]),
    ...(tls.key === undefined ? [] : [`      key_file: ${quoted(tls.key)}`]),
  ];
}

function apiServer({ members, clientTls }: HandoffInput): HandoffFile {
  const flags = [
    `--etcd-servers=${endpoints(members).join(',')}`,
    ...(clientTls === undefined ? [] : [`--etcd-cafile=${clientTls.ca}`]),
    ...(clientTls?.cert === undefined ? [] : [`--etcd-certfile=${clientTls.cert}`]),
    ...(clientTls?.key === undefined ? [] : [`--etcd-keyfile=${clientTls.key}`]),
  ];
  const text = `${flags.join('\n')}\n`;
  return { name: 'kube-apiserver.flags', text, hasKey: false, what: 'flags for kube-apiserver' };
}

function etcdctl({ members, clientTls }: HandoffInput): HandoffFile {
  const values: readonly (readonly [string, string | undefined])[] = [
    ['ETCDCTL_API', '3'],
    ['ETCDCTL_ENDPOINTS', endpoints(members).join(',')],
    ['ETCDCTL_CACERT', clientTls?.ca],
    ['ETCDCTL_CERT', clientTls?.cert],
    ['ETCDCTL_KEY', clientTls?.key],
  ];
  const lines = values.flatMap(([name, value]) =>
    value === undefined ? [] : [`export ${name}=${shellQuoted(value)}`],
  );
  const text = `${lines.join('\n')}\n`;
  return { name: 'etcdctl.env', text, hasKey: false, what: 'environment for etcdctl (source it)' };
}

/** The names that etcd-operator asks for: peer-ca.crt, peer.crt, peer.key. */
function peerSecrets({ members, isShared }: HandoffInput): readonly HandoffFile[] {
  const wanted = isShared ? members.slice(0, 1) : members;
  return wanted.flatMap(({ name, peer }) => {
    if (peer === undefined) return [];
    const secret = isShared ? 'etcd-peer-tls' : `etcd-peer-tls-${secretName(name, members)}`;
    const whose = isShared ? 'all members' : name;
    const data = { 'peer-ca.crt': peer.ca, 'peer.crt': peer.cert, 'peer.key': peer.key };
    return [manifest(secret, data, `Kubernetes secret: peer certificate of ${whose}`)];
  });
}

function clientSecret({ client }: HandoffInput): readonly HandoffFile[] {
  if (client === undefined) return [];
  const data = {
    'etcd-client-ca.crt': client.ca,
    'etcd-client.crt': client.cert,
    'etcd-client.key': client.key,
  };
  return [manifest('etcd-client-tls', data, 'Kubernetes secret: certificate of a client')];
}

/** Server keys are on the hosts and stay there: the commands to run where they are. */
function serverSecret({ members }: HandoffInput): readonly HandoffFile[] {
  const lines = members.flatMap(({ name, server }) => {
    if (server?.cert === undefined || server.key === undefined) return [];
    const files = [
      `--from-file=server-ca.crt=${shellQuoted(server.ca)}`,
      `--from-file=server.crt=${shellQuoted(server.cert)}`,
      `--from-file=server.key=${shellQuoted(server.key)}`,
    ];
    const secret = `etcd-server-tls-${secretName(name, members)}`;
    return [
      `# on the host of ${name}`,
      `kubectl create secret generic ${secret} ${files.join(' ')} --dry-run=client -o yaml`,
    ];
  });
  if (lines.length === 0) return [];
  const what = 'Kubernetes secrets: server certificates, made on the hosts where their keys are';
  return [
    { name: 'secret-etcd-server-tls.sh', text: `${lines.join('\n')}\n`, hasKey: false, what },
  ];
}

function manifest(name: string, data: Readonly<Record<string, string>>, what: string): HandoffFile {
  const lines = [
    'apiVersion: v1',
    'kind: Secret',
    'metadata:',
    `  name: ${name}`,
    'type: Opaque',
    'data:',
    ...Object.entries(data).map(([key, text]) => `  ${key}: ${base64(text)}`),
    '',
  ];
  return { name: `secret-${name}.yaml`, text: lines.join('\n'), hasKey: true, what };
}

function readme(input: HandoffInput, files: readonly HandoffFile[]): HandoffFile {
  const rows = files.map(({ name, what, hasKey }) => [name, what, hasKey ? 'PRIVATE KEY' : '']);
  const notes = [
    ...(input.noPeerSecrets === undefined ? [] : [`No peer secrets: ${input.noPeerSecrets}.`]),
    ...(isHttps(input.members)
      ? []
      : ['Client URLs speak plain http: no TLS settings, no client and server secrets.']),
    'Paths are those of the plan file, on the machine where peershift ran.',
  ];
  const { moved = 'peers' } = input;
  const text = [
    `etcd ${input.planName}, after its ${moved} moved to https`,
    '',
    ...tableLines(rows),
  ];
  return {
    name: 'README.txt',
    text: `${[...text, '', ...notes].join('\n')}\n`,
    hasKey: false,
    what: '',
  };
}

function endpoints(members: readonly HandoffMember[]): readonly string[] {
  return members.flatMap(({ clientUrls }) => clientUrls.slice(0, 1));
}

function isHttps(members: readonly HandoffMember[]): boolean {
  return endpoints(members).some((url) => url.startsWith('https://'));
}

function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//, '').replace(/\/$/, '');
}

/** Lower case, digits and dashes (RFC 1123); two members never get the same one. */
function secretName(member: string, members: readonly HandoffMember[]): string {
  const slug = (name: string): string => {
    return (
      name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-+|-+$/g, '') || 'member'
    );
  };
  const place = members.findIndex(({ name }) => name === member);
  const isTaken = members.some(({ name }, index) => index !== place && slug(name) === slug(member));
  return isTaken ? `${slug(member)}-${String(place + 1)}` : slug(member);
}

/** A YAML scalar in single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** One word of sh, whatever is in it. */
function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
