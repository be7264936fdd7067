/** The shape of what a plan file says of one member, as zod schemas with one sentence for each key. */

import { z } from 'zod';

import { DEFAULTS } from './defaults.ts';
import { argv, key, line, secret } from './key.ts';

const TRANSPORTS = ['ssh', 'local'] as const;
const MANAGERS = ['systemd', 'docker', 'static-pod', 'command'] as const;
const FORMATS = ['env-file', 'yaml', 'flags'] as const;

const host = z.strictObject({
  transport: key(z.enum(TRANSPORTS), 'How commands and files reach the host.', {
    default: DEFAULTS.host.transport,
  }).optional(),
  address: key(
    line().regex(/^[A-Za-z0-9:][A-Za-z0-9._:-]*$/, 'must be a host name or an IP address'),
    'What ssh, other members and certificates call the host; default: the host of the peer URL.',
    { example: '10.0.0.1' },
  ).optional(),
  user: key(line().regex(/^[^\s-]\S*$/, 'must be a user name'), 'The ssh user (transport: ssh).', {
    default: DEFAULTS.host.user,
  }).optional(),
  port: key(z.int().min(1).max(65_535), 'The ssh port (transport: ssh).', {
    default: DEFAULTS.host.port,
  }).optional(),
  identityFile: key(
    line(),
    'The private key for ssh; ~/ is the home folder; not used when agent or password is given.',
    { default: DEFAULTS.host.identityFile },
  ).optional(),
  agent: key(
    line(),
    "The ssh agent's socket: its path, or SSH_AUTH_SOCK for the one of peershift's environment.",
    { example: 'SSH_AUTH_SOCK' },
  ).optional(),
  jump: key(
    line().regex(
      /^[^\s,@/-][^\s,@/]*(@[^\s,@/]+)?(,[^\s,@/-][^\s,@/]*(@[^\s,@/]+)?)*$/,
      'must be [user@]host[:port], several separated by commas',
    ),
    'The host to go through, as ssh -J takes it: [user@]host[:port].',
    { example: 'root@bastion:22' },
  ).optional(),
  passphrase: key(secret(), 'The passphrase of the identity file, by environment variable.', {
    example: { env: 'PEERSHIFT_PASSPHRASE' },
  }).optional(),
  password: key(secret(), 'The ssh password, by environment variable.', {
    example: { env: 'PEERSHIFT_SSH_PASSWORD' },
  }).optional(),
  sudo: key(
    z.union([
      z.boolean(),
      z.literal('without-password'),
      z.strictObject({
        password: key(secret(), 'The sudo password, by environment variable.', {
          example: { env: 'PEERSHIFT_SUDO_PASSWORD' },
        }),
      }),
    ]),
    'How commands become root: false, true (without a password), or { password: { env: NAME } }.',
    { default: false, example: true },
  ).optional(),
});

const service = z.strictObject({
  manager: key(z.enum(MANAGERS), 'What starts and stops the member.', {
    default: DEFAULTS.service.manager,
  }).optional(),
  unit: key(
    line().regex(
      /^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$/,
      'must be the name of a systemd service unit',
    ),
    'The unit of the member (manager: systemd); ".service" may be left out.',
    { default: DEFAULTS.service.unit },
  ).optional(),
  container: key(
    line().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'must be the name of a container'),
    'The container of the member (manager: docker).',
    { example: 'etcd' },
  ).optional(),
  binary: key(z.enum(['docker', 'podman']), 'The program that manages it (manager: docker).', {
    default: DEFAULTS.service.binary,
  }).optional(),
  path: key(line(), 'The manifest of the static pod on the host (manager: static-pod).', {
    example: '/etc/kubernetes/manifests/etcd.yaml',
  }).optional(),
  podLogs: key(line(), 'Where the kubelet keeps the logs of pods (manager: static-pod).', {
    default: DEFAULTS.service.podLogs,
  }).optional(),
  start: key(argv(), 'Starts the member; harmless when it runs already (manager: command).', {
    example: ['sv', 'start', 'etcd'],
  }).optional(),
  stop: key(argv(), 'Stops the member; returns when its process is gone (manager: command).', {
    example: ['sv', 'stop', 'etcd'],
  }).optional(),
  status: key(
    argv(),
    'Exits 0 when it runs (its pid on the first line), 1 or 3 when stopped (manager: command).',
    { example: ['sv', 'status', 'etcd'] },
  ).optional(),
  logs: key(
    z.strictObject({
      file: key(line(), "The member's log file on the host.", { example: '/var/log/etcd.log' }),
    }),
    "Where the member's log stands (manager: command); without it the log gate says unknown.",
    { example: { file: '/var/log/etcd.log' } },
  ).optional(),
});

const config = z.strictObject({
  format: key(
    z.enum(FORMATS),
    "How the member's settings are kept: ETCD_ variables, etcd's --config-file, or its flags.",
    { default: DEFAULTS.config.format },
  ).optional(),
  path: key(line(), 'The file on the host that holds the settings.', {
    default: DEFAULTS.config.path,
  }).optional(),
});

const owner = (): z.ZodString =>
  line().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$/, 'must be a user or group name or its number');

const tls = z.strictObject({
  directory: key(line(), 'The folder on the host for ca.pem, peer.pem and peer-key.pem.', {
    default: DEFAULTS.tls.directory,
  }).optional(),
  owner: key(owner(), "Who owns them; default: the running member's user.", {
    example: 'etcd',
  }).optional(),
  group: key(owner(), "Their group; default: the running member's group.", {
    example: 'etcd',
  }).optional(),
});

const blocks = {
  host: key(host, 'The machine the member runs on.', {
    example: { transport: 'ssh', address: '10.0.0.1' },
  }).optional(),
  service: key(service, 'What starts and stops the member.', {
    example: { manager: 'systemd', unit: 'etcd' },
  }).optional(),
  config: key(config, "Where the member's settings live.", {
    example: { format: 'env-file', path: '/etc/default/etcd' },
  }).optional(),
  tls: key(tls, "Where the member's TLS files go.", {
    example: { directory: '/etc/etcd/pki' },
  }).optional(),
};

export const Defaults = z.strictObject(blocks);

const url = (): z.ZodString => line();

const certificate = z.strictObject({
  cert: key(line(), "The member's certificate (pki.mode: provided or in-place).", {
    example: 'pki/m1.pem',
  }).optional(),
  key: key(line(), 'Its private key (pki.mode: provided or in-place).', {
    example: 'pki/m1-key.pem',
  }).optional(),
  sans: key(
    z.array(line()),
    'Names and IP addresses that the certificate gets beside the usual ones (pki.mode: issue).',
    { example: ['etcd-1.example.net'] },
  ).optional(),
});

export const Member = z.strictObject({
  name: key(
    line().regex(/^(?!\.{1,2}$)[^,=/]+$/, 'must not hold a comma, an equals sign or a slash'),
    "The member's own name (etcd's --name).",
    { example: 'm1' },
  ),
  ...blocks,
  peerUrl: key(
    url(),
    'What others dial in the end; default: the present peer URL with https in front.',
    { example: 'https://10.0.0.1:2380' },
  ).optional(),
  certificate: key(certificate, "The member's own certificate.", {
    example: { cert: 'pki/m1.pem', key: 'pki/m1-key.pem' },
  }).optional(),
  clientCertificate: key(
    certificate,
    'What the member shows to clients (scope: client or peer+client).',
    { example: { sans: ['etcd.example.net'] } },
  ).optional(),
  sourceAddresses: key(
    z.array(line()),
    "The IP addresses that this member's dials come from, where discovery cannot see them (NAT).",
    { example: ['10.0.0.1'] },
  ).optional(),
  listenPeerUrls: key(
    z.array(url()),
    'Where the member listens for peers in the end; default: the present URLs with https.',
    { example: ['https://10.0.0.1:2380'] },
  ).optional(),
});
