/** Turns a cluster that peershift cannot rescue by itself into the procedure for exactly this state. */

import type { Leaf } from '../model/certificate.ts';
import type { DesiredMember, DesiredSpec } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import { quorumOf } from '../model/quorum.ts';
import { FLAG } from '../model/settings.ts';
import { type MemberWorld, type World, isUp, memberOf, upMembers } from '../model/world.ts';
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
  const chosen = ways.length > 0 ? ways : [...unanswered(input), fromOneMember(input)];
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

/** The members that are gone will not be a majority again: one that is left begins a new cluster with its data. */
function fromOneMember({ desired, world, lost }: ByHand): readonly string[] {
  const usable = world.members.filter(({ name }) => !lost.has(name));
  const survivor = usable.find(isUp) ?? usable[0] ?? world.members[0];
  const spec = desired.members.find(({ name }) => name === survivor?.name);
  if (survivor === undefined || spec === undefined) return ['no member is left to start from'];
  const others = world.members.filter(({ name }) => name !== survivor.name);
  const data = dataOf(survivor);
  const stop = (member: DesiredMember): string => commandOf(member, 'stop');
  return [
    'a new cluster from the data of one member, only when the others cannot be brought back.',
    '  Before this: start every member that can run; with a majority up none of this is needed.',
    `  The one with the newest data is the one to take (raftIndex of etcdctl endpoint status); here ${survivor.name}.`,
    '  Stop all members, each on its own host:',
    ...desired.members.map((member) => `    ${stop(member)}    # ${member.name}`),
    `  On the host of ${survivor.name}, keep its data, write ETCD_FORCE_NEW_CLUSTER=true (or force-new-cluster: true, --force-new-cluster) into`,
    `  ${spec.config.path}, and start it:`,
    `    cp -a ${data} ${data}.before-rescue`,
    `    ${commandOf(spec, 'start')}`,
    '  When it answers, take that line out again and restart it once. Then, for each other member, empty its data folder and',
    '  add it with state existing, one at a time:',
    ...others.map(({ name }) => {
      const urls = (world.record[name] ?? []).join(',');
      const place = dataOf(memberOf(world, name));
      return `    mv ${place} ${place}.before-rescue && etcdctl member add ${words([name])} --peer-urls=${words([urls])}    # then ${FLAG.initialClusterState}=existing in its settings, and start it`;
    }),
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
