/** Turns the names of member states into starting worlds: every mix of states that a strategy can leave behind. */

import { memberName } from '../../src/model/ids.ts';
import { loadDisk } from '../../src/model/load.ts';
import { FLAG, type Settings } from '../../src/model/settings.ts';
import { type PeerUrl, withPort } from '../../src/model/url.ts';
import { type MemberWorld, type World, allPairs } from '../../src/model/world.ts';
import { TLS_SETTINGS, httpUrl, httpWorld, httpsUrl, memberNames, tlsFiles } from './worlds.ts';

/** What a member is found as; its settings on disk are those that it runs with, unless told otherwise. */
export interface MemberState {
  readonly name: string;
  /** Which stop, crash or kill leaves it so. */
  readonly left: string;
  readonly advertised: readonly Place[];
  readonly listens: readonly Place[];
  readonly trust: 'none' | 'files' | 'loaded';
  /** The listeners that its next start would have instead, with trust. */
  readonly written: readonly Place[] | undefined;
  readonly isDown: boolean;
  /** In the middle of its turn: a strategy, which goes member by member, leaves one such at a time. */
  readonly isHalf: boolean;
}

/** The one port of the start in either scheme, or https on the port beside it. */
type Place = 'http' | 'https' | 'second';

const both: readonly Place[] = ['http', 'https'];
const two: readonly Place[] = ['http', 'second'];

export const MEMBER_STATES: readonly MemberState[] = [
  whole('http', 'before anything', ['http'], ['http'], 'none'),
  whole('http with files', 'after an install', ['http'], ['http'], 'files'),
  whole('http with trust', 'after phase trust, and on each way back', ['http'], ['http']),
  whole('both URLs', 'dual-url after phase announce', both, ['http']),
  whole('both URLs, https', 'dual-url after phase switch', both, ['https']),
  whole('two listeners', 'dual-listener after phase listen', ['http'], two),
  whole('two listeners, second URL', 'dual-listener after phase announce', ['second'], two),
  whole('done on the second port', 'the end of dual-listener', ['second'], ['second']),
  whole('done', 'every other end', ['https'], ['https']),
  half('trust written', 'phase trust, before the restart', ['http'], ['http'], {
    trust: 'files',
    written: ['http'],
  }),
  half('https URL', 'documented, the first member', ['https'], ['http'], { trust: 'files' }),
  half('https URL, listener written', 'documented, the first member', ['https'], ['http'], {
    trust: 'files',
    written: ['https'],
  }),
  half('https URL with trust', 'documented, a later member', ['https'], ['http']),
  half('https URL with trust, listener written', 'documented, later', ['https'], ['http'], {
    written: ['https'],
  }),
  half('http URL, https listener', 'a way back, before the restart', ['http'], ['https']),
  half('two listeners written', 'dual-listener, phase listen', ['http'], ['http'], {
    trust: 'files',
    written: two,
  }),
  down('stopped', 'fewest-restarts, after its stop', ['http'], ['http'], 'files'),
  down('stopped, https URL', 'fewest-restarts, before its write', ['https'], ['http'], 'files'),
  down('stopped with trust', 'a restart of phase trust', ['http'], ['http']),
  down('stopped with trust, https URL', 'trust-first, before its write', ['https'], ['http']),
  down('stopped, both URLs', 'dual-url, in its switch', both, ['https']),
  down('stopped, two listeners', 'dual-listener, in phase listen', ['http'], two),
  down('stopped on the second port', 'dual-listener, in phase close', ['second'], ['second']),
  down('stopped, https written', 'any last restart', ['https'], ['https']),
];

function whole(
  name: string,
  left: string,
  advertised: readonly Place[],
  listens: readonly Place[],
  trust: MemberState['trust'] = 'loaded',
): MemberState {
  const rest = { written: undefined, isDown: false, isHalf: false };
  return { name, left, advertised, listens, trust, ...rest };
}

function half(
  name: string,
  left: string,
  advertised: readonly Place[],
  listens: readonly Place[],
  more: Partial<MemberState> = {},
): MemberState {
  return { ...whole(name, left, advertised, listens), isHalf: true, ...more };
}

function down(
  name: string,
  left: string,
  advertised: readonly Place[],
  listens: readonly Place[],
  trust: MemberState['trust'] = 'loaded',
): MemberState {
  return { ...whole(name, left, advertised, listens, trust), isDown: true, isHalf: true };
}

/** Our strategies stop one member at a time; more stopped ones than this are not left by them. */
const STOPPED_AT_MOST = 1;

/** Every multiset of so many states: who has which does not matter, only who leads does. */
export function mixesOf(size: number): readonly (readonly MemberState[])[] {
  const grow = (mix: readonly MemberState[], from: number): readonly (readonly MemberState[])[] => {
    if (mix.length === size) return [mix];
    return MEMBER_STATES.slice(from).flatMap((next, index) => {
      const stopped = [...mix, next].filter((each) => each.isDown).length;
      return stopped > STOPPED_AT_MOST ? [] : grow([...mix, next], from + index);
    });
  };
  return grow([], 0);
}

/**
 * How many mixes of a size there are: multisets of the up states, and one stopped state beside multisets of
 * one fewer.
 *
 *   mixes(n) = C(u + n - 1, n) + d C(u + n - 2, n - 1)     u states up, d states stopped
 */
export function mixCountOf(size: number): number {
  const stopped = MEMBER_STATES.filter((each) => each.isDown).length;
  const up = MEMBER_STATES.length - stopped;
  return chosen(up + size - 1, size) + stopped * chosen(up + size - 2, size - 1);
}

/** n over k. */
function chosen(n: number, k: number): number {
  let product = 1;
  for (let index = 1; index <= k; index += 1) product = (product * (n - k + index)) / index;
  return product;
}

/** Members m1, m2 and so on in these states, of which no link was probed yet; `leader` counts from 0. */
export function mixedWorldOf(mix: readonly MemberState[], leader: number): World {
  const names = memberNames(mix.length);
  const record = Object.fromEntries(
    names.map((name, index) => [name, urlsOf(name, mix[index]?.advertised ?? [])]),
  );
  const base = httpWorld(mix.length);
  const members = base.members.map((member, index): MemberWorld => {
    const found = mix[index];
    return found === undefined ? member : { ...inState(member, found), view: record };
  });
  const leading = members[leader];
  return {
    ...base,
    members,
    record,
    leader: leading?.process === undefined ? undefined : memberName(leading.name),
    unobserved: allPairs(names),
  };
}

function inState(member: MemberWorld, found: MemberState): MemberWorld {
  const files = found.trust === 'none' ? {} : tlsFiles(member.name);
  const running = settingsOf(member, found.listens, found.trust === 'loaded');
  const settings = found.written === undefined ? running : settingsOf(member, found.written, true);
  const loaded = loadDisk({ settings: running, files }, member.version);
  if (!loaded.ok) throw new Error(loaded.error);
  const process = found.isDown ? undefined : loaded.value;
  return { ...member, disk: { settings, files }, process };
}

function settingsOf(member: MemberWorld, listens: readonly Place[], hasTrust: boolean): Settings {
  const listen = urlsOf(member.name, listens).join(',');
  const { [FLAG.peerClientCertAuth]: demand, ...trust } = TLS_SETTINGS;
  const isSecure = listens.some((place) => place !== 'http');
  return {
    ...member.disk.settings,
    [FLAG.listenPeerUrls]: listen,
    ...(hasTrust ? trust : {}),
    ...(isSecure && demand !== undefined ? { [FLAG.peerClientCertAuth]: demand } : {}),
  };
}

function urlsOf(name: string, places: readonly Place[]): readonly PeerUrl[] {
  return places.map((place) => {
    if (place === 'http') return httpUrl(name);
    return place === 'https' ? httpsUrl(name) : withPort(httpsUrl(name), 2382);
  });
}

/** `m2 leads; m1 http; m2 http; m3 done`. */
export function mixText(mix: readonly MemberState[], world: World): string {
  const states = mix.map((each, index) => `m${String(index + 1)} ${each.name}`).join('; ');
  return `${world.leader ?? 'nobody known'} leads; ${states}`;
}

/** So many mixes of a size whose whole number no machine walks: drawn by a seed, the same for the same one. */
export function drawnMixes(
  size: number,
  count: number,
  seed: number,
): readonly (readonly MemberState[])[] {
  let last = seed;
  // The generator of glibc's TYPE_0 rand, good enough to spread draws over a table of two dozen.
  const below = (limit: number): number => {
    last = (Math.imul(last, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff;
    return (last >>> 16) % limit;
  };
  const up = MEMBER_STATES.filter((each) => !each.isDown);
  return Array.from({ length: count }, () => {
    const first = MEMBER_STATES[below(MEMBER_STATES.length)];
    const others = Array.from({ length: size - 1 }, () => up[below(up.length)]);
    return [first, ...others].filter((each) => each !== undefined);
  });
}
