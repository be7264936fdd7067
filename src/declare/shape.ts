/** The shape of a plan file, version 1: the one definition behind its checks, JSON Schema and reference. */

import { z } from 'zod';

import { KEY_ALGORITHMS, PKI_MODES, SCOPES, STRATEGIES } from '../model/desired.ts';
import { DEFAULTS } from './defaults.ts';
import { argv, duration, key, line, secret } from './key.ts';
import { Defaults, Member } from './member-shape.ts';

/** A certificate that outlives a century is a slip of the keyboard. */
const LONGEST_DAYS = 36_500;

/** A folder of state carries the plan's name, so it stays short and plain. */
const PLAN_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;

/** More applied entries than this behind the leader is no bound any more. */
const LARGEST_LAG = 1_000_000_000;
const LARGEST_FAILED = 1_000_000;
/** More proposals than these are refused by etcd itself (5000 entries behind). */
const LARGEST_PENDING = 5000;

const cluster = z.strictObject({
  endpoints: key(z.array(line()).min(1), "The client URLs of the cluster's members.", {
    example: ['http://10.0.0.1:2379', 'http://10.0.0.2:2379'],
  }),
  via: key(
    z.enum(['direct', 'ssh']),
    "How client URLs are reached: directly, or through the members' ssh connections.",
    { default: DEFAULTS.via },
  ).optional(),
  tls: key(
    z.strictObject({
      ca: key(line(), 'The CA that the client certificates of the members are verified with.', {
        example: 'pki/ca.pem',
      }),
      cert: key(line(), "peershift's own client certificate.", {
        example: 'pki/client.pem',
      }).optional(),
      key: key(line(), 'Its private key.', { example: 'pki/client-key.pem' }).optional(),
    }),
    'The TLS files for client URLs that begin with https.',
    { example: { ca: 'pki/ca.pem' } },
  ).optional(),
  auth: key(
    z.strictObject({
      username: key(line(), 'The etcd user; it needs the root role.', { example: 'root' }),
      password: key(secret(), 'Its password, by environment variable.', {
        example: { env: 'PEERSHIFT_PASSWORD' },
      }),
    }),
    "The etcd user, when the cluster's auth is on.",
    { example: { username: 'root', password: { env: 'PEERSHIFT_PASSWORD' } } },
  ).optional(),
  etcdctl: key(line(), 'With memberApi etcdctl: where it is on each host, when not on the PATH.', {
    example: '/opt/etcd/etcdctl',
  }).optional(),
});

const pki = z.strictObject({
  mode: key(
    z.enum(PKI_MODES),
    'Where certificates come from: issued here, provided as files here, or in place on the hosts.',
    { default: DEFAULTS.pki.mode },
  ).optional(),
  directory: key(line(), "The folder for certificates on the operator's machine.", {
    default: DEFAULTS.pki.directory,
  }).optional(),
  ca: key(
    z.strictObject({
      cert: key(line(), "The CA's certificate.", { example: 'pki/ca.pem' }),
      key: key(line(), "The CA's private key; needed to issue only.", {
        example: 'pki/ca-key.pem',
      }).optional(),
    }),
    'An existing CA; default: one is made in directory.',
    { example: { cert: 'pki/ca.pem', key: 'pki/ca-key.pem' } },
  ).optional(),
  algorithm: key(z.enum(KEY_ALGORITHMS), 'The kind of the keys that are made.', {
    default: DEFAULTS.pki.algorithm,
  }).optional(),
  days: key(z.int().min(1).max(LONGEST_DAYS), 'How long issued certificates are valid.', {
    default: DEFAULTS.pki.days,
  }).optional(),
  shared: key(z.boolean(), 'One leaf for all members, instead of one for each.', {
    default: DEFAULTS.pki.shared,
  }).optional(),
});

const clients = z.strictObject({
  certAuth: key(z.boolean(), 'At the end a client must show a certificate of the CA below.', {
    default: DEFAULTS.clients.certAuth,
  }).optional(),
  ca: key(
    z.strictObject({
      cert: key(line(), "The CA's certificate.", { example: 'pki/client-ca.pem' }),
      key: key(line(), "The CA's private key; needed to issue only.", {
        example: 'pki/client-ca-key.pem',
      }).optional(),
    }),
    "An existing CA for client traffic, never the peers' own; default: one is made in pki.directory.",
    { example: { cert: 'pki/client-ca.pem', key: 'pki/client-ca-key.pem' } },
  ).optional(),
});

const gates = z.strictObject({
  start: key(duration(), 'How long a member may take to come back after its restart.', {
    default: DEFAULTS.gates.start,
  }).optional(),
  timeout: key(duration(), 'How long a gate waits for its evidence.', {
    default: DEFAULTS.gates.timeout,
  }).optional(),
  quiet: key(duration(), 'How long a gate must see no unexpected log line.', {
    default: DEFAULTS.gates.quiet,
  }).optional(),
  maxLag: key(z.int().min(1).max(LARGEST_LAG), 'How many entries a member may be behind.', {
    default: DEFAULTS.gates.maxLag,
  }).optional(),
  canary: key(
    z.union([
      z.literal(false),
      z.strictObject({
        writes: key(z.boolean(), 'Keep writing and reading through every member.', {
          default: false,
          example: true,
        }).optional(),
        leases: key(z.boolean(), 'Keep a lease alive through every member.', {
          default: false,
          example: true,
        }).optional(),
        longestGap: key(duration(), 'How long no member may take a write.', {
          default: DEFAULTS.gates.longestGap,
        }).optional(),
        failedKeepalives: key(
          z.union([z.literal('any'), z.int().min(0).max(LARGEST_FAILED)]),
          'How many keepalives may fail; some strategies have windows in which they must.',
          { default: 'any', example: 0 },
        ).optional(),
      }),
    ]),
    'What is written through every member all run long, to learn what clients felt; false: nothing.',
    { default: DEFAULTS.gates.canary, example: { writes: true, leases: true } },
  ).optional(),
  deadman: key(
    z
      .string()
      .regex(/^(off|\d{1,9}(ms|s|m|h))$/, 'must be off, or a number with a unit (ms, s, m or h)'),
    'After how long without peershift a host undoes a half-done step by itself; off: never.',
    { default: DEFAULTS.gates.deadman },
  ).optional(),
  maxFsync: key(
    z
      .string()
      .regex(/^(off|\d{1,9}(ms|s|m|h))$/, 'must be off, or a number with a unit (ms, s, m or h)'),
    "Before each change: how long 99 % of the writes of a member's log may take; off: not looked at.",
    { default: DEFAULTS.gates.maxFsync, example: '100ms' },
  ).optional(),
  maxPending: key(
    z.union([z.literal('off'), z.int().min(1).max(LARGEST_PENDING)]),
    'Before each change: how many proposals may wait at a member; off: not looked at.',
    { default: DEFAULTS.gates.maxPending, example: 50 },
  ).optional(),
});

const hookKey = (when: string): z.ZodOptional<z.ZodArray<z.ZodString>> =>
  key(argv(), `A command that is run ${when}; non-zero stops the run at a safe point.`, {
    example: ['./notify.sh'],
  }).optional();

const hooks = z.strictObject({
  beforeStep: hookKey('before each step'),
  afterGate: hookKey('after each gate that passed'),
  onFailure: hookKey('when a step or a gate failed'),
});

export const PlanFile = z
  .strictObject({
    version: key(z.literal(1), 'The version of the plan file format.', { example: 1 }),
    name: key(
      z
        .string()
        .regex(
          PLAN_NAME,
          'must be 1 to 64 letters, digits, ".", "_" or "-", and begin with a letter, digit or "_"',
        ),
      'The name of this plan: its runs are kept in .peershift/<name>/.',
      { example: 'prod-etcd' },
    ),
    strategy: key(z.enum(STRATEGIES), 'In which order the members are moved.', {
      default: DEFAULTS.strategy,
    }).optional(),
    scope: key(z.enum(SCOPES), 'Whose traffic is moved to https.', {
      default: DEFAULTS.scope,
    }).optional(),
    memberApi: key(
      z.enum(['grpc', 'etcdctl']),
      "How the member list is changed: over gRPC, or by etcdctl on a member's host.",
      { default: DEFAULTS.memberApi },
    ).optional(),
    cluster: key(cluster, 'How the live cluster is reached.', {
      example: { endpoints: ['http://10.0.0.1:2379'] },
    }),
    pki: key(pki, 'Where certificates come from.', { example: { mode: 'issue' } }).optional(),
    clients: key(clients, 'The client side, with a scope that moves it.', {
      example: { certAuth: true },
    }).optional(),
    defaults: key(Defaults, 'What is merged key by key under each member.', {
      example: { host: { user: 'root' } },
    }).optional(),
    members: key(z.array(Member).min(1), 'The members of the cluster, all of them.', {
      example: [{ name: 'm1', host: { address: '10.0.0.1' } }],
    }),
    order: key(
      z.array(line()).min(1),
      'The order of the members; default: followers by name, the leader last.',
      { example: ['m3', 'm2', 'm1'] },
    ).optional(),
    accept: key(
      z.array(z.string().regex(/^[a-z]+(-[a-z]+)*$/, 'must be the name of a rule')),
      'The names of rules whose costly breach is accepted.',
      { default: [] },
    ).optional(),
    gates: key(gates, 'How much evidence is asked for between steps.', {
      example: { timeout: '60s' },
    }).optional(),
    hooks: key(hooks, 'Commands of your own at fixed moments of a run.', {
      example: { beforeStep: ['./notify.sh'] },
    }).optional(),
    onFailure: key(z.enum(['rollback', 'pause']), 'What follows when a step of ours did harm.', {
      default: DEFAULTS.onFailure,
    }).optional(),
    backup: key(z.boolean(), 'Save a snapshot before the first change.', {
      default: DEFAULTS.backup,
    }).optional(),
  })
  .meta({ title: 'peershift plan file, version 1' });

/** A plan file after everything of the wrong shape was taken out: any part of it may be missing. */
export type LoosePlan = Loose<z.input<typeof PlanFile>>;

export type Loose<T> = T extends readonly (infer Item)[]
  ? readonly (Loose<Item> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Loose<T[K]> | undefined }
    : T;

/** The JSON Schema (draft 2020-12) of a plan file as people write it, for editors. */
export function planFileJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(PlanFile, {
    io: 'input',
    target: 'draft-2020-12',
  });
  return { $schema, ...schema };
}
