/** Turns a cluster that peershift cannot rescue by itself into the procedure for exactly this state. */

import type { Leaf } from '../model/certificate.ts';
import type { DesiredMember, DesiredSpec } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import { urlsAfresh } from '../model/new-cluster.ts';
import { quorumOf } from '../model/quorum.ts';
import { type MemberWorld, type World, isUp, upMembers } from '../model/world.ts';
import { words } from '../base/shell-words.ts';

export interface ByHand {
  readonly desired: DesiredSpec;
  readonly world: World;
  /** Members of which too little could be seen: name to reason. */
  readonly lost: ReadonlyMap<string, string>;
  /** Pairs `a>b` that should fit and do not answer: pair to reason. */
  readonly silent: ReadonlyMap<string, string>;
  readonly failure: Failure;
  /** Leaves that would be enough, if somebody signed them for the keys that are in use. */
  readonly leaves: readonly {
    readonly member: string;
    readonly path: string;
    readonly leaf: Leaf;
  }[];
  /** The last resort would link a majority. */
  readonly canUseAutoTls: boolean;
  readonly authorityPath: string;
}

/** Lines to be copied into a shell stand alone, indented by four. */
export function procedureText(input: ByHand): string {
  const ways = [
    ...(input.leaves.length > 0 ? [signedByHand(input)] : []),
    ...(input.canUseAutoTls ? [autoTls(input)] : []),
  ];
  const chosen = ways.length > 0 ? ways : [...unanswered(input), fromOneDatabase(input)];
  const plan = words([input.desired.planFile]);
  return [
    `To bring ${input.desired.name} back by hand`,
    '',
    ...stateLines(input),
    ...chosen.flatMap((lines, index) => [
      '',
      `Way ${String(index + 1)}: ${lines[0] ?? ''}`,
      ...lines.slice(1),
    ]),
    '',
    'Then look again; it changes nothing that already works:',
    `    peershift rescue ${plan}`,
  ].join('\n');
}

function stateLines({ world, lost }: ByHand): readonly string[] {
  const needed = String(quorumOf(world.members.length));
  const head = `Now: ${String(upMembers(world).length)} of ${String(world.members.length)} members run, ${needed} linked ones are needed.`;
  return [
    head,
    ...world.members.map((member) => {
      const reason = lost.get(member.name);
      if (reason !== undefined) return `  ${member.name}: not usable (${reason})`;
      if (!isUp(member)) return `  ${member.name}: stopped`;
      const listens = member.process?.peer.listen.join(', ') ?? '';
      return `  ${member.name}: listens on ${listens}; its peers call ${callOf(world, member)}`;
    }),
  ];
}

function callOf(world: World, { name }: MemberWorld): string {
  const urls = world.members
    .filter((each) => each.name !== name)
    .flatMap(({ view }) => view[name] ?? []);
  return [...new Set(urls)].join(' or ');
}

function signedByHand({ desired, leaves, authorityPath }: ByHand): readonly string[] {
  const ca = words([authorityPath]);
  return [
    "sign these leaves again for the keys that are in use; the CA's key is not on this machine.",
    ...leaves.flatMap(({ member, path, leaf }) => {
      const sans = [
        ...leaf.ipAddresses.map((address) => `IP:${address}`),
        ...leaf.dnsNames.map((name) => `DNS:${name}`),
      ].join(',');
      const file = (end: string): string => words([`${member}${end}`]);
      const inPlace = words([path]);
      return [
        `  ${member}: take ${path} from its host as ${member}.pem to where the CA's key is (here: ca-key.pem). There (OpenSSL 3):`,
        `    openssl x509 -in ${file('.pem')} -noout -pubkey > ${file('.pub')}`,
        `    printf '%s\\n' 'subjectAltName=${sans}' 'extendedKeyUsage=serverAuth,clientAuth' 'keyUsage=critical,digitalSignature' > ${file('.ext')}`,
        `    openssl x509 -new -force_pubkey ${file('.pub')} -subj ${words([`/CN=${member}`])} -CA ${ca} -CAkey ca-key.pem -days ${String(desired.pki.days)} -extfile ${file('.ext')} -out ${file('-new.pem')}`,
        `  Put ${member}-new.pem on the host of ${member}; there:`,
        `    cp -p ${inPlace} ${words([`${path}.before-rescue`])}`,
        `    cp -p ${inPlace} ${words([`${path}.new`])} && cat ${file('-new.pem')} > ${words([`${path}.new`])} && mv ${words([`${path}.new`])} ${inPlace}`,
      ];
    }),
    '  No restart: etcd reads its leaf at every handshake.',
  ];
}

function autoTls({ desired }: ByHand): readonly string[] {
  return [
    'peer-auto-tls, which lets any TLS peer in until it is taken back. Only in a network you trust:',
    `    peershift rescue ${words([desired.planFile])} --rescue-with auto-tls`,
  ];
}

function unanswered({ silent }: ByHand): readonly (readonly string[])[] {
  if (silent.size === 0) return [];
  return [
    [
      'these pairs fit by listener, trust and leaf, and do not answer: a firewall or a route stands between.',
      ...[...silent].map(([pair, reason]) => `  ${pair.replace('>', ' to ')}: ${reason}`),
    ],
  ];
}

/**
 * The members that are gone will not be a majority again: all begin anew from the database of one stopped member.
 * Not by --force-new-cluster: after a kill it discards the end of the log that the database has already, and the
 * members differ from then on (seen on 3.4.23: 50 keys on one, 49 on the two that were added).
 */
function fromOneDatabase({ desired, world, lost }: ByHand): readonly string[] {
  const usable = world.members.filter(({ name }) => !lost.has(name));
  if (usable.length === 0) return ['no member is left to start from'];
  const list = world.members.map((member) => `${member.name}=${urlsAfresh(world, member).join()}`);
  const spec = (name: string): DesiredMember | undefined =>
    desired.members.find((each) => each.name === name);
  const each = (line: (member: MemberWorld, of: DesiredMember) => string): readonly string[] =>
    world.members.flatMap((member) => {
      const of = spec(member.name);
      return of === undefined ? [] : [`    ${line(member, of)}    # ${member.name}`];
    });
  return [
    'a new cluster from the data of one stopped member, only when the others cannot be brought back.',
    '  Before this: start every member that can run; with a majority up none of this is needed.',
    ...byCommand(desired, usable[0]?.name ?? ''),
    '  Lost with it: writes that only members now gone had on disk, and the last 0.1 s of one that was killed. How much that',
    '  is nobody can tell. Cluster and members get new IDs. Keys of the v2 API (3.3; 3.4 with enable-v2) are not carried: where',
    '  there are any, stop here. Never take an older snapshot file while a data folder is left.',
    '  Stop all members, each on its own host:',
    ...each((_, of) => commandOf(of, 'stop')),
    '  How far do the data reach? The one with the highest revision is the one to take (from 3.5 on: etcdutl, not etcdctl):',
    ...usable.map((member) => {
      return `    ETCDCTL_API=3 etcdctl snapshot status ${dataOf(member)}/member/snap/db    # ${member.name}`;
    }),
    '  Copy that one file to every host as rescue.db. Then, each on its own host; the old folders stay beside the new ones:',
    ...each((member) => {
      const name = words([member.name]);
      const urls = words([urlsAfresh(world, member).join()]);
      return `ETCDCTL_API=3 etcdctl snapshot restore rescue.db --skip-hash-check --name ${name} --initial-cluster ${words([list.join()])} --initial-cluster-token rescued --initial-advertise-peer-urls ${urls} --data-dir ${dataOf(member)}.rescued`;
    }),
    ...each((member) => {
      const data = dataOf(member);
      return `{ [ ! -e ${data} ] || { chown -R --reference=${data} ${data}.rescued && mv ${data} ${data}.before-rescue; }; } && mv ${data}.rescued ${data}`;
    }),
    '  Start all of them, at once rather than one after the other:',
    ...each((_, of) => commandOf(of, 'start')),
  ];
}

/** What peershift can do for members whose data are where it can reach them while they are stopped. */
function byCommand({ members, planFile }: DesiredSpec, from: string): readonly string[] {
  const isReached = members.every(({ service: { manager } }) => {
    return manager === 'systemd' || manager === 'command';
  });
  if (!isReached) return [];
  return [
    '  peershift does all that follows, refuses where it must, and goes on where it was cut off:',
    `    peershift rescue ${words([planFile])} --restore-from ${words([from])}`,
  ];
}

/** Where it is not written, whoever copies the line is asked for it by the shell. */
function dataOf({ disk }: MemberWorld): string {
  const data = disk.settings['data-dir'];
  return data === undefined ? '"${DATA_DIR:?set it to its --data-dir}"' : words([data]);
}

function commandOf({ service, name }: DesiredMember, verb: 'start' | 'stop'): string {
  switch (service.manager) {
    case 'systemd':
      return words(['systemctl', verb, service.unit]);
    case 'command':
      return words(service[verb]);
    case 'docker':
      return words([service.binary, verb, service.container]);
    case 'static-pod':
      return `# ${verb} ${name}: move ${service.path} ${verb === 'stop' ? 'out of' : 'back into'} its folder`;
  }
}
