/**
 * Turns a world into a brute-force picture of a cluster: who can dial whom, and what a step makes of it.
 * It shares no code with the product and is slow and plain on purpose.
 *
 * The table is that of etcd's source and of runs of 3.3.25, 3.4.23, 3.5.16 and 3.5.30: a dial goes to the
 * peer URLs that the dialer's own member list has (rafthttp/urlpick.go); trust and listeners are those of
 * process start, leaf and key those on disk now (transport/listener.go); a trusted CA file makes the
 * listener demand a client certificate from 3.4 on (ServerConfig); the SANs of that certificate must hold
 * the address that the dial comes from (listener_tls.go, checkCertSAN). Each member listens on its own
 * address and dials from it, by IP; names, wildcards and allowed names are left to the unit tests.
 */

import type { FileContent, Leaf } from '../../src/model/certificate.ts';
import type { DialReason } from '../../src/model/dial.ts';
import type { Step } from '../../src/model/step.ts';
import type { World } from '../../src/model/world.ts';

/** What a start makes of the disk, or nothing when etcd would refuse to start. */
interface Running {
  readonly listeners: readonly string[];
  readonly cert: string;
  readonly key: string;
  readonly authorities: readonly string[];
  readonly demands: boolean;
}

/** What a timer on a host will do to it. */
export interface Timer {
  readonly member: string;
  readonly writes: Readonly<Record<string, string>>;
}

interface Member {
  readonly name: string;
  readonly version: string;
  readonly address: string;
  readonly running: Running | undefined;
  readonly settings: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, FileContent>>;
  readonly list: Readonly<Record<string, readonly string[]>>;
}

export interface State {
  readonly members: readonly Member[];
  readonly list: Readonly<Record<string, readonly string[]>>;
  readonly leader: string | undefined;
  readonly timer: Timer | undefined;
}

export interface Pair {
  readonly from: string;
  readonly to: string;
  readonly pair: string;
  readonly why: 'yes' | DialReason;
}

export function pairsOf({ members }: State): readonly Pair[] {
  return members.flatMap((a) =>
    members.flatMap((b) => {
      if (a === b || a.running === undefined || b.running === undefined) return [];
      return [{ from: a.name, to: b.name, pair: `${a.name}>${b.name}`, why: tryDial(a, b) }];
    }),
  );
}

/** Flood from each member over links that work in one direction at least. */
export function componentsOf(state: State): readonly (readonly string[])[] {
  const working = pairsOf(state).filter(({ why }) => why === 'yes');
  const up = state.members.filter(({ running }) => running !== undefined).map(({ name }) => name);
  const reach = (name: string): readonly string[] => {
    const seen = [name];
    for (let grown = true; grown;) {
      const next = working
        .flatMap(({ from, to }) => (seen.includes(from) ? [to] : seen.includes(to) ? [from] : []))
        .filter((each) => !seen.includes(each));
      grown = next.length > 0;
      seen.push(...new Set(next));
    }
    return seen;
  };
  return up.map(reach);
}

/** The first URL's reason is told; any URL that works is enough. */
function tryDial(a: Member, b: Member): 'yes' | DialReason {
  const answers = (a.list[b.name] ?? []).map((url) => tryUrl(a, b, url));
  return answers.includes('yes') ? 'yes' : (answers[0] ?? 'not-advertised');
}

function tryUrl(a: Member, b: Member, url: string): 'yes' | DialReason {
  const [scheme = '', place = ''] = url.split('://');
  const [from, to] = [a.running, b.running];
  if (from === undefined || to === undefined) return 'target-down';
  const there = to.listeners.filter((listener) => listener.split('://')[1] === place);
  if (there.length === 0) return 'not-listening';
  if (!there.includes(url)) return scheme === 'http' ? 'http-to-tls' : 'https-to-plain';
  if (scheme === 'http') return 'yes';
  const shown = leafShown(b, to);
  if (shown === undefined) return 'server-leaf';
  if (!shown.trustedBy.some((each) => from.authorities.includes(each))) return 'no-trust';
  if (!shown.ipAddresses.includes(place.split(':')[0] ?? '')) return 'server-name';
  if (!shown.serverAuth) return 'server-usage';
  if (!to.demands) return 'yes';
  const offered = leafShown(a, from);
  if (offered === undefined) return 'no-client-leaf';
  if (!offered.trustedBy.some((each) => to.authorities.includes(each))) return 'client-untrusted';
  if (!offered.clientAuth) return 'client-usage';
  return offered.ipAddresses.includes(a.address) ? 'yes' : 'client-source';
}

function leafShown({ files }: Member, { cert, key }: Running): Leaf | undefined {
  const [leaf, secret] = [files[cert], files[key]];
  if (leaf?.kind !== 'leaf' || secret?.kind !== 'key') return undefined;
  return leaf.leaf.keyId === secret.keyId ? leaf.leaf : undefined;
}

export function stop(state: State, name: string): State {
  const members = state.members.map((each) =>
    each.name === name ? { ...each, running: undefined } : each,
  );
  return { ...state, members, leader: state.leader === name ? undefined : state.leader };
}

/** A member that cannot start stays down; one that does has the list that it had. */
export function start(state: State, name: string): State {
  const members = state.members.map((each) =>
    each.name === name ? { ...each, running: load(each) } : each,
  );
  return spread({ ...state, members });
}

function load({ settings, files, version }: Member): Running | undefined {
  const at = (flag: string): string => settings[flag] ?? '';
  const listeners = at('listen-peer-urls').split(',');
  const [cert, key, ca] = [at('peer-cert-file'), at('peer-key-file'), at('peer-trusted-ca-file')];
  const [leaf, secret, pool] = [files[cert], files[key], files[ca]];
  if ((cert === '') !== (key === '')) return undefined;
  if (cert === '' && listeners.some((url) => url.startsWith('https:'))) return undefined;
  if (cert !== '') {
    if (leaf?.kind !== 'leaf' || secret?.kind !== 'key') return undefined;
    if (leaf.leaf.keyId !== secret.keyId) return undefined;
  }
  if (ca !== '' && pool?.kind !== 'pool') return undefined;
  const authorities = pool?.kind === 'pool' ? pool.authorities.map((each) => each.fingerprint) : [];
  const asks = at('peer-client-cert-auth') === 'true';
  const demands = asks || (!/^3\.[23]\./u.test(version) && ca !== '');
  return { listeners, cert, key, authorities, demands };
}

/** More than half of all, up or not. */
export function quorumOf(count: number): number {
  return (count - (count % 2)) / 2 + 1;
}

/** Raft brings the list to every member that is linked to a majority. */
function spread(state: State): State {
  const needed = quorumOf(state.members.length);
  const majority = componentsOf(state).find((group) => group.length >= needed);
  const members = state.members.map((each) =>
    majority?.includes(each.name) === true ? { ...each, list: state.list } : each,
  );
  return { ...state, members };
}

/** What peershift writes into a configuration: a timer puts exactly these back. */
const PEER_FLAGS =
  /^(listen-peer|initial-(advertise-peer|cluster)|peer-(cert-file|key-file|trusted|client-cert-auth))/u;

/** The timer went off: its settings stand in the place of those of now, and the member was restarted. */
export function goOff(state: State, { member, writes }: Timer): State {
  const members = state.members.map((each) => {
    if (each.name !== member) return each;
    const others = Object.entries(each.settings).filter(([flag]) => !PEER_FLAGS.test(flag));
    return { ...each, settings: { ...Object.fromEntries(others), ...writes } };
  });
  return start(stop({ ...state, members, timer: undefined }, member), member);
}

export function halvesOf(state: State, step: Step): readonly State[] {
  switch (step.kind) {
    case 'restart-member':
      return [stop(state, step.member)];
    case 'restart-together': {
      const down = step.members.reduce(stop, state);
      const some = step.members.slice(1).map((_, index) => step.members.slice(0, index + 1));
      const going = some.map((names) => names.reduce(stop, state));
      return [...going, down, ...some.map((names) => names.reduce(start, down))];
    }
    case 'transfer-leader':
      return [{ ...state, leader: undefined }];
    case 'install-certificates':
      return step.files.slice(1).map((_, index) => {
        return take(state, { ...step, files: step.files.slice(0, index + 1) });
      });
    default:
      return [];
  }
}

export function take(state: State, step: Step): State {
  const edit = (name: string, change: (member: Member) => Partial<Member>): State => {
    const members = state.members.map((each) =>
      each.name === name ? { ...each, ...change(each) } : each,
    );
    return { ...state, members };
  };
  switch (step.kind) {
    case 'reissue-leaf': {
      const { member, path, leaf } = step;
      return spread(
        edit(member, ({ files }) => ({ files: { ...files, [path]: { kind: 'leaf', leaf } } })),
      );
    }
    case 'check-links':
    case 'check-clients':
    case 'take-snapshot':
    case 'issue-certificates':
      return state;
    case 'install-certificates':
      return edit(step.member, ({ files }) => ({
        files: {
          ...files,
          ...Object.fromEntries(step.files.map(({ path, content }) => [path, content])),
        },
      }));
    case 'remove-certificates':
      return edit(step.member, ({ files }) => ({
        files: Object.fromEntries(
          Object.entries(files).filter(([path]) => !step.paths.includes(path)),
        ),
      }));
    case 'advertise-peer':
      return spread({ ...state, list: { ...state.list, [step.member]: step.to } });
    case 'configure-member':
    case 'record-cluster':
      return edit(step.member, ({ settings }) => {
        const after = new Map(Object.entries(settings));
        for (const { flag, to } of step.changes) {
          if (to === undefined) after.delete(flag);
          else after.set(flag, to);
        }
        return { settings: Object.fromEntries(after) };
      });
    case 'restart-member':
      return start(stop(state, step.member), step.member);
    case 'stop-member':
      return stop(state, step.member);
    case 'start-member':
      return start(state, step.member);
    case 'restart-together':
      return step.members.reduce(start, step.members.reduce(stop, state));
    case 'restore-cluster':
      throw new Error('a new cluster is none that this judge knows');
    case 'transfer-leader':
      return { ...state, leader: step.to };
    case 'arm-dead-man':
      return { ...state, timer: { member: step.member, writes: step.settings } };
    case 'disarm-dead-man':
      return { ...state, timer: undefined };
  }
}

/** What of a world this judge looks at; a source address that is unknown is none. */
export function stateOf({ members, record, leader, armed }: World): State {
  return {
    list: record,
    leader,
    timer: armed === undefined ? undefined : { member: armed.member, writes: armed.settings },
    members: members.map(({ name, version, process, disk, view, sources }) => {
      const [source] = Object.values(sources);
      return {
        name,
        version,
        address: source?.known === true ? (source.value[0] ?? '') : '',
        settings: disk.settings,
        files: disk.files,
        list: view,
        running:
          process === undefined
            ? undefined
            : {
                listeners: process.peer.listen,
                cert: process.peer.certFile ?? '',
                key: process.peer.keyFile ?? '',
                authorities: process.pool.known ? process.pool.value : [],
                demands: process.demandsClientCert,
              },
      };
    }),
  };
}
