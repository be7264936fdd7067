/** Goal: every mistake is found, at its place, in words that help. Method: a table of wrong plan files. */

import { describe, expect, it } from 'vitest';

import { declare } from '../../../src/declare/declare.ts';
import type { PlanProblem, PlanProblems } from '../../../src/model/plan-problem.ts';
import { COMPLETE, FOLDERS, MINIMAL, clusterWith, memberWith, minimalWith } from './plan-files.ts';

function problemsOf(text: string): PlanProblems {
  const result = declare(text, 'plan.yaml', FOLDERS);
  return result.ok ? [] : result.error;
}

function where({ line, col }: PlanProblem): string {
  return `${String(line)}:${String(col)}`;
}

/** Title, text, place, words of the message, words of the hint. The only problem of its file. */
type Row = readonly [title: string, text: string, place: string, message: string, hint: string];

const changed = (from: string, to: string): string => MINIMAL.replace(from, to);
const twoMembers = (first: string, second: string): string =>
  `${MINIMAL}    ${first}\n  - name: m2\n    ${second}\n`;

const YAML: readonly Row[] = [
  ['an empty file', '', '1:1', 'must be a mapping', 'version: 1'],
  ['a file of comments', '# nothing\n\n', '1:1', 'must be a mapping', 'version: 1'],
  ['a list', '- version: 1\n', '1:1', 'found a list', 'version: 1'],
  ['a word', 'hello\n', '1:1', 'found the text "hello"', 'version: 1'],
  ['a key twice', minimalWith('name: other'), '7:1', 'a second time', 'keep one'],
  ['a tab as indent', changed('  endpoints', '\tendpoints'), '4:1', 'tab', 'spaces'],
  ['a second document', minimalWith('---\nversion: 1'), '7:1', 'one YAML document', '---'],
  ['an alias of nothing', minimalWith('order: *names'), '7:8', 'no anchor', 'value itself'],
  ['an alias of itself', minimalWith('order: &o [*o]'), '7:12', 'stands for itself', 'value'],
  ['a merge key', memberWith('<<: { a: 1 }'), '7:5', 'merge keys', 'defaults:'],
  ['a list as key', minimalWith('[a]: 1'), '7:1', 'plain word', 'key: value'],
  ['an unknown tag', minimalWith('backup: !yes true'), '7:9', 'tag', 'take it away'],
  ['YAML 1.1', `%YAML 1.1\n---\n${MINIMAL}`, '1:1', 'YAML 1.2', 'take this line away'],
  ['no space behind a colon', `${MINIMAL}order:[m1]\n`, '7:1', 'missing', 'space'],
];

const SHAPE: readonly Row[] = [
  ['another version', changed('version: 1', 'version: 2'), '1:10', '2 is not known', 'version: 1'],
  ['a version as text', changed('version: 1', 'version: "1"'), '1:10', 'text "1"', 'version: 1'],
  ['no version', changed('version: 1\n', ''), '1:1', 'version is missing', 'version: 1'],
  ['no name', changed('name: prod\n', ''), '1:1', 'name is missing', 'name: prod-etcd'],
  ['no endpoints', changed('endpoints:', 'via: direct #'), '4:3', 'endpoints is missing', 'http'],
  ['no members', MINIMAL.replace(/members[^]*/, ''), '1:1', 'members is missing', 'name: m1'],
  ['a member without name', changed('name: m1', 'tls: {}'), '6:5', 'name is missing', 'name: m1'],
  ['no member at all', changed('members:\n  - name: m1', 'members: []'), '5:10', 'one item', 'm1'],
  ['an unknown key', minimalWith('strategi: documented'), '7:1', '"strategi"', '"strategy"'],
  ['an unknown key below', memberWith('host: { prot: 22 }'), '7:13', '"prot"', '"port"'],
  ['a strange key', memberWith('zebra: 22'), '7:5', '"zebra" in members[0]', 'peerUrl'],
  ['a wrong word', minimalWith('scope: peers'), '7:8', 'peer, client', '"peer"'],
  ['a wrong strategy', minimalWith('strategy: big-bang'), '7:11', 'dual-url', 'documented'],
  ['a number as text', changed('prod', '1.10'), '2:7', 'in quotes it is text: "1.10"', 'prod'],
  ['text for a number', memberWith('host: { port: "22" }'), '7:19', 'text "22"', 'port: 22'],
  ['a port too large', memberWith('host: { port: 70000 }'), '7:19', '1 to 65535', 'port: 22'],
  ['half a port', memberWith('host: { port: 22.5 }'), '7:19', 'whole number', 'port: 22'],
  ['yes for true', minimalWith('backup: yes'), '7:9', 'text "yes"', 'true or false'],
  ['a key without value', minimalWith('order:'), '7:1', 'found nothing', 'm3'],
  ['text for a list', minimalWith('order: m1'), '7:8', 'must be a list', '[ m3, m2, m1 ]'],
  ['an item of a wrong kind', minimalWith('accept: [1]'), '7:10', 'must be text', 'item'],
  ['an item that is no rule', minimalWith('accept: [Slow!]'), '7:10', 'name of a rule', 'item'],
  ['a name no folder has', changed('prod', '../prod'), '2:7', 'letters, digits', 'prod-etcd'],
  ['a name like a hidden file', changed('prod', '.prod'), '2:7', 'letters, digits', 'prod-etcd'],
  ['a name like an option', changed('prod', '-prod'), '2:7', 'letters, digits', 'prod-etcd'],
  ['a member with a comma', changed('m1', '"m1,m2"'), '6:11', 'comma', 'm1'],
  ['no day', minimalWith('pki: { days: 0 }'), '7:14', '1 to 36500', '1825'],
  ['an empty command', minimalWith('hooks: { afterGate: [] }'), '7:21', 'one item', 'notify'],
  ['an empty word', minimalWith('hooks: { afterGate: [""] }'), '7:22', 'not empty', 'item'],
  ['canary as text', minimalWith('gates: { canary: "on" }'), '7:18', 'cannot be', 'writes'],
  [
    'a key of canary',
    minimalWith('gates: { canary: { write: true } }'),
    '7:20',
    '"write"',
    'writes',
  ],
  ['seconds without unit', minimalWith('gates: { quiet: 8 }'), '7:17', 'number 8', 'quiet: 8s'],
  ['a strange unit', minimalWith('gates: { quiet: 8sec }'), '7:17', 'unit', 'quiet: 8s'],
  ['deadman: false', minimalWith('gates: { deadman: false }'), '7:19', 'found false', 'off'],
  ['an odd sudo', memberWith('host: { sudo: yes }'), '7:19', 'cannot be', 'sudo: true'],
  ['a unit with a space', memberWith('service: { unit: "a b" }'), '7:22', 'unit', 'etcd'],
];

const SECRETS: readonly Row[] = [
  [
    'a literal password',
    clusterWith('auth: { username: root, password: hunter2 }'),
    '5:37',
    'environment variable',
    'env: PEERSHIFT_PASSWORD',
  ],
  [
    'a variable that etcd would print',
    clusterWith('auth: { username: root, password: { env: ETCD_ROOT } }'),
    '5:44',
    'must not begin with ETCD_',
    'PEERSHIFT_PASSWORD',
  ],
  [
    'a password as variable name',
    memberWith('host: { passphrase: { env: "hunter2!" } }'),
    '7:32',
    'name of an environment variable',
    'PEERSHIFT_PASSWORD',
  ],
  [
    'a sudo password',
    memberWith('host: { sudo: { password: hunter2 } }'),
    '7:31',
    'environment variable',
    'PEERSHIFT_SUDO_PASSWORD',
  ],
];

const CLUSTER: readonly Row[] = [
  ['an endpoint with a path', changed(':2379]', ':2379/]'), '4:15', 'no path', ':2379'],
  ['an endpoint without port', changed(':2379]', ']'), '4:15', 'port is missing', ':2379'],
  ['an endpoint without scheme', changed('http://', ''), '4:15', 'not a URL', 'http://10.0.0.1'],
  ['an endpoint of a file', changed('http:', 'unix:'), '4:15', '"unix"', 'http://10.0.0.1:2379'],
  ['a user in a URL', changed('//', '//u:hunter2@'), '4:15', 'user or password', 'auth'],
  ['an endpoint twice', changed('2379]', '2379, http://10.0.0.1:2379]'), '4:37', '[0]', 'two'],
  ['etcdctl for nothing', clusterWith('etcdctl: e'), '5:12', 'cluster.etcdctl', 'memberApi'],
  [
    'etcdctl by a relative path',
    `${clusterWith('etcdctl: bin/e')}memberApi: etcdctl\n`,
    '5:12',
    'absolute',
    '"/"',
  ],
  ['https without CA', changed('http:', 'https:'), '4:15', 'cluster.tls.ca', 'tls:'],
  ['http with TLS', clusterWith('tls: { ca: a }'), '4:15', 'is http', 'https'],
  [
    'a certificate without key',
    clusterWith('tls: { ca: a, cert: b }').replace('http:', 'https:'),
    '5:23',
    'cert stands without key',
    'key: ...',
  ],
  [
    'a key without certificate',
    clusterWith('tls: { ca: a, key: b }').replace('http:', 'https:'),
    '5:22',
    'key stands without cert',
    'cert: ...',
  ],
];

const MEMBERS: readonly Row[] = [
  ['an http peer URL', memberWith('peerUrl: http://a:1'), '7:14', 'https', '"https://a:1"'],
  ['a trailing slash', memberWith('peerUrl: https://a:1/'), '7:14', 'path ("/")', 'https://a:2380'],
  ['a path', memberWith('peerUrl: https://a:1/b'), '7:14', 'path', 'nothing behind'],
  ['a query', memberWith('peerUrl: https://a:1?b=c'), '7:14', 'query', 'nothing behind'],
  ['no port', memberWith('peerUrl: https://a'), '7:14', 'port is missing', 'https://a:2380'],
  ['a port too high', memberWith('peerUrl: https://a:70000'), '7:14', '65535', ':2380'],
  ['a name to listen on', memberWith('listenPeerUrls: [https://a:1]'), '7:22', 'IP', '0.0.0.0'],
  ['an http listener', memberWith('listenPeerUrls: [http://1.2.3.4:1]'), '7:22', 'https', 'https'],
  [
    'a member twice',
    twoMembers('tls: {}', 'x: y').replace('m2\n    x: y', 'm1'),
    '8:11',
    '[0]',
    'own',
  ],
  [
    'a peer URL twice',
    twoMembers('peerUrl: https://a:1', 'peerUrl: https://a:1'),
    '9:14',
    'members[1].peerUrl is the same',
    'own host and port',
  ],
  [
    'a listener twice',
    memberWith('listenPeerUrls: [https://0.0.0.0:1, https://10.0.0.1:1]'),
    '7:41',
    'same port as https://0.0.0.0:1',
    'of its own',
  ],
  [
    'a listener of another member on one machine',
    twoMembers(
      'host: { address: h, port: 2201 }\n    listenPeerUrls: ["https://127.0.0.1:1"]',
      `host: { address: h, port: 2201 }\n    service: { unit: b }\n    config: { path: /b }
    tls: { directory: /b }\n    listenPeerUrls: ["https://127.0.0.1:1"]`,
    ),
    '14:22',
    'members[0].listenPeerUrls[0]',
    'of its own',
  ],
  [
    'one service for two members',
    twoMembers(
      'host: { address: h }',
      'host: { address: h }\n    config: { path: /b }\n    tls: { directory: /b }',
    ),
    '8:5',
    'members[1].service is the same as that of members[0] on the same machine',
    'each has its own',
  ],
  [
    'a unit that is no service',
    memberWith('service: { unit: a.socket }'),
    '7:22',
    'service',
    'etcd',
  ],
  [
    'a key of another manager',
    memberWith('service: { container: etcd }'),
    '7:27',
    'container means nothing with manager: systemd',
    'manager, unit',
  ],
  [
    'docker without container',
    memberWith('service: { manager: docker }'),
    '7:14',
    'container is',
    'c',
  ],
  [
    'a pod without path',
    memberWith('service: { manager: static-pod }'),
    '7:14',
    'path is',
    'etcd.yaml',
  ],
  [
    'settings of a pod in the folder of the kubelet',
    memberWith(
      'service: { manager: static-pod, path: /k/manifests/e.yaml }',
      'config: { path: /k/manifests/f.yaml }',
    ),
    ...(['8:21', 'lies in the folder of the manifest', '/k/peershift/e.yaml'] as const),
  ],
  [
    'a relative program on a host',
    memberWith('service: { manager: command, start: [./a], stop: [b], status: [c] }'),
    '7:42',
    'start[0] must be an absolute path',
    'on the host',
  ],
  [
    'a command without stop',
    memberWith('service: { manager: command, start: [a], status: [c] }'),
    '7:14',
    'stop is missing',
    'sv, stop',
  ],
  [
    'yaml without path',
    memberWith('config: { format: yaml }'),
    '7:13',
    'path is missing',
    'name the file',
  ],
  ['a relative config', memberWith('config: { path: a }'), '7:21', 'absolute path', '"/"'],
  ['a relative folder', memberWith('tls: { directory: pki }'), '7:23', 'absolute path', '"/"'],
  [
    'an ssh key of a local host',
    memberWith('host: { transport: local, user: a }'),
    '7:37',
    'user means nothing',
    'sudo',
  ],
  [
    'home in another path',
    minimalWith('pki: { directory: ~/pki }'),
    '7:19',
    'begins with ~',
    'whole path',
  ],
  [
    'an agent that is no path',
    memberWith('host: { agent: mine }'),
    '7:20',
    'socket',
    'SSH_AUTH_SOCK',
  ],
  [
    'a source that is no address',
    memberWith('sourceAddresses: [1.2.3.400]'),
    '7:23',
    'IP address',
    '10.0.0.1',
  ],
  [
    'a SAN that is a URL',
    memberWith('certificate: { sans: ["https://a"] }'),
    '7:27',
    'DNS name',
    'bare name',
  ],
];

const TOGETHER: readonly Row[] = [
  ['an unknown member in order', minimalWith('order: [m1, m9]'), '7:13', 'names m9', '"m1"'],
  ['a member twice in order', minimalWith('order: [m1, m1]'), '7:13', 'a second time', 'once'],
  [
    'a member left out of order',
    COMPLETE.replace('[m3, m2, m1]', '[m3, m1]'),
    '34:8',
    'm2',
    'every',
  ],
  ['a rule twice', minimalWith('accept: [a-b, a-b]'), '7:15', 'a second time', 'once'],
  ['a certificate to issue', memberWith('certificate: { cert: a }'), '7:26', 'issue', 'provided'],
  [
    'a CA without key to issue',
    minimalWith('pki: { ca: { cert: a } }'),
    '7:12',
    'pki.ca.key',
    'a CA made',
  ],
  [
    'no CA for provided certificates',
    memberWith('certificate: { cert: a, key: b }') + 'pki: { mode: provided }\n',
    '8:6',
    'pki.ca is missing',
    'ca: {',
  ],
  [
    'no certificate where they are provided',
    minimalWith('pki: { mode: provided, ca: { cert: a } }'),
    '6:5',
    'no cert and key',
    'certificate: {',
  ],
  [
    'a certificate in place that is relative',
    memberWith('certificate: { cert: a, key: /b }') + 'pki: { mode: in-place, ca: { cert: a } }\n',
    '7:26',
    'absolute path',
    '"/"',
  ],
  [
    'names for a certificate that is provided',
    memberWith('certificate: { cert: a, key: b, sans: [c] }') +
      'pki: { mode: provided, ca: { cert: a } }\n',
    '7:43',
    'sans are for',
    'issue',
  ],
  [
    'one leaf for all that is two',
    `${twoMembers('certificate: { cert: a, key: a }', 'certificate: { cert: b, key: b }')}pki: { mode: provided, shared: true, ca: { cert: c } }\n`,
    '9:18',
    'pki.shared is true',
    'same files',
  ],
  [
    'a gate shorter than its quiet',
    minimalWith('gates: { timeout: 10s, quiet: 10s }'),
    '7:19',
    'never',
    'longer',
  ],
  ['a gate too short', minimalWith('gates: { timeout: 9s }'), '7:19', 'from 10.0 s', '60s'],
  ['a quiet too long', minimalWith('gates: { quiet: 11m }'), '7:17', 'found 11 min', '8s'],
  [
    'a deadman before its gate',
    minimalWith('gates: { deadman: 40s }'),
    '7:19',
    'still waits',
    'longer',
  ],
  ['a canary of nothing', minimalWith('gates: { canary: {} }'), '7:18', 'neither', 'canary: false'],
];

describe.each([
  ['YAML', YAML],
  ['shape', SHAPE],
  ['secrets', SECRETS],
  ['cluster', CLUSTER],
  ['members', MEMBERS],
  ['combinations', TOGETHER],
])('a plan file with wrong %s', (_kind, rows) => {
  it.each(rows)('says so: %s', (_title, text, place, message, hint) => {
    const problems = problemsOf(text);
    const told = problems.map((problem) => ({ ...problem, place: where(problem) }));
    expect(told).toEqual([
      expect.objectContaining({
        file: 'plan.yaml',
        place,
        message: expect.stringContaining(message) as string,
        hint: expect.stringContaining(hint) as string,
      }),
    ]);
  });
});

describe('a plan file with several mistakes', () => {
  it('has all of them told at once, in their order', () => {
    const text = `version: 3
name: prod
cluster:
  endpoints: [http://10.0.0.1:2379/]
members:
  - name: m1
    peerUrl: http://10.0.0.1:2380
    host: { port: x }
  - name: m1
order: [m1, m2]
zebra: 1
`;
    expect(problemsOf(text).map(where)).toEqual([
      '1:10',
      '4:15',
      '7:14',
      '8:19',
      '9:11',
      '10:13',
      '11:1',
    ]);
  });

  it('has a mistake under defaults told once, whatever the number of members', () => {
    const text = `${twoMembers('host: { address: a }', 'host: { address: b }')}defaults:
  config: { path: etc/default/etcd }
`;
    expect(problemsOf(text).map(where)).toEqual(['11:19']);
  });

  it('judges what stands before a syntax error, and guesses nothing behind it', () => {
    const text = 'version: 1\nscope: peers\ncluster: {\nmembers:\n  - name: m1\n';
    const [first, ...rest] = problemsOf(text);
    expect(first).toMatchObject({ line: 2, col: 8 });
    expect(rest.length).toBeGreaterThan(0);
    expect(rest.filter(({ message }) => message.includes('is missing ('))).toEqual([]);
    expect(rest.some(({ message }) => message === 'name is missing')).toBe(false);
  });

  it('has a syntax error told without an echo for every word that follows', () => {
    const items = Array.from({ length: 40 }, (_, i) => `  - { name: n${String(i)}, a: [b, c] }`);
    const problems = problemsOf(['version: 1', 'pki: { directory: m[] }', ...items].join('\n'));
    expect(problems.length).toBeLessThan(5);
    expect(problems[0]).toMatchObject({ line: 2 });
  });

  it('draws no conclusion from a value that is wrong already', () => {
    const text = memberWith('service: { manager: comand, start: [a] }', 'certificate: 5');
    expect(problemsOf(text).map(where)).toEqual(['7:25', '8:18']);
  });
});

describe('a file that is no plan file', () => {
  it.each([
    ['brackets', '['.repeat(100_000)],
    ['dashes', '- '.repeat(100_000)],
    ['indents', Array.from({ length: 700 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['letters', 'x'.repeat(300_000)],
    [
      'aliases',
      `a: &a [1]\n${Array.from({ length: 30 }, (_, n) => `b${String(n)}: &a [*a, *a, *a]`).join('\n')}\n`,
    ],
  ])('is refused without harm: too many %s', (_what, text) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
  });
});

describe('no message', () => {
  const SECRET = 'hunter2';
  it.each([
    ['a plain literal', clusterWith(`auth: { username: r, password: ${SECRET} }`)],
    ['a literal with a comma', clusterWith(`auth: { username: r, password: a,${SECRET} }`)],
    ['no space behind the colon', clusterWith(`auth: { username: r, password:${SECRET} }`)],
    ['an alias', clusterWith(`auth: { username: r, password: *${SECRET} }`)],
    ['a tag', clusterWith(`auth: { username: r, password: !${SECRET} x }`)],
    ['a block', clusterWith('auth:', '  username: r', `  password: |${SECRET}`, '    x')],
    ['an escape', clusterWith(`auth: { username: r, password: "\\q${SECRET}" }`)],
    ['a list', clusterWith(`auth: { username: r, password: [${SECRET}] }`)],
    ['a mapping', clusterWith(`auth: { username: r, password: { ${SECRET}: ${SECRET} } }`)],
    ['a slip of the key', clusterWith(`auth: { username: r, pasword: ${SECRET} }`)],
    ['a URL', MINIMAL.replace('//', `//root:${SECRET}@`)],
  ])('holds the secret: %s', (_how, text) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain(SECRET);
  });
});
