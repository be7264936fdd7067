/**
 * client-ports and clients-moved: what the client ports of a member that was just restarted answer and refuse,
 * and who is still connected to any of them in plain http.
 */

import { durationText } from '../../base/duration.ts';
import { type ClientConnection, isCounted } from '../../model/clients.ts';
import { type ClientSettings, listenersOf, servesHttp } from '../../model/client-settings.ts';
import type { Verdict } from '../../model/gate.ts';
import type { MemberName } from '../../model/ids.ts';
import { type PeerUrl, isHttps, sameUrls } from '../../model/url.ts';
import { type World, memberOf, upMembers } from '../../model/world.ts';
import type { ClientListeners, PeerFiles } from '../../ports.ts';
import type { LogWatch } from '../log-watch.ts';
import type { RunDoors } from '../run-doors.ts';

/** Long enough for a keepalive or a watch's progress of most clients, short enough for a gate's poll. */
const LOOK_MS = 3000;
/** More than these say less. */
const MAX_NAMED = 6;

/** The rules by whose names a person lets pass: connections that said nothing, and those that nobody could hear. */
const IDLE_RULE = 'idle-clients';
const UNHEARD_RULE = 'unheard-clients';

/** Asked again and again: passes when nobody has spoken plain http for that long. */
export function makeClientsMoved(
  doors: RunDoors,
  expected: World,
  quietMs: number,
): () => Promise<Verdict> {
  let sinceMs: number | undefined;
  return async () => {
    const beganAtMs = doors.clock.nowMs();
    const verdict = await movedVerdict(doors, expected);
    sinceMs = verdict.kind === 'pass' ? (sinceMs ?? beganAtMs) : undefined;
    const quiet = sinceMs === undefined ? 0 : doors.clock.nowMs() - sinceMs;
    if (verdict.kind !== 'pass' || quiet >= quietMs) return verdict;
    const waitsFor = `nobody to speak plain http for ${durationText(quietMs)} (now ${durationText(quiet)})`;
    return { kind: 'hold', waitsFor, fault: 'foreign' };
  };
}

async function movedVerdict(doors: RunDoors, expected: World): Promise<Verdict> {
  const open = upMembers(expected).filter(({ process }) => servesHttp(process?.client));
  const looks = await Promise.all(
    open.map(async ({ name, process }) => {
      const ports = process?.client === undefined ? [] : listenersOf(process.client);
      return { name, ...(await stillThere(doors, name, ports)) };
    }),
  );
  const blind = looks.flatMap(({ name, because }) =>
    because === undefined ? [] : [`${name} (${because})`],
  );
  const left = looks.flatMap(({ name, left: connections }) => {
    return connections.map((connection) => `${name}: ${connectionText(connection)}`);
  });
  if (blind.length > 0) {
    const waitsFor = `a look at what is spoken to ${blind.join(', ')}`;
    return { kind: 'hold', waitsFor, fault: 'foreign' };
  }
  if (left.length > 0) {
    const more = left.length > MAX_NAMED ? ` and ${String(left.length - MAX_NAMED)} more` : '';
    const waitsFor = `${String(left.length)} ${left.length === 1 ? 'client' : 'clients'} to move to https (${left.slice(0, MAX_NAMED).join('; ')}${more})`;
    return { kind: 'hold', waitsFor, fault: 'foreign' };
  }
  const evidence = `no client speaks plain http to ${open.map(({ name }) => name).join(', ')}`;
  return { kind: 'pass', evidence };
}

async function stillThere(
  doors: RunDoors,
  name: MemberName,
  ports: ClientListeners['ports'],
): Promise<{ readonly left: readonly ClientConnection[]; readonly because?: string }> {
  const of = doors.members.get(name);
  if (of?.clients === undefined) return { left: [], because: 'its host shows no connections' };
  const state = await of.service.state();
  const pid = state.known ? state.value.pid : undefined;
  const seen = await of.clients.look({ pid, ports, lookMs: LOOK_MS });
  if (!seen.ok) return { left: [], because: seen.error.but };
  const { accept } = doors.desired;
  const { connections, blind } = seen.value;
  // Who is not heard may be talking all the time: that is another thing to accept.
  const isHeard = blind === undefined || accept.includes(UNHEARD_RULE);
  if (!isHeard && connections.some(({ speaks }) => speaks === 'unknown')) {
    return { left: [], because: `${blind}; accept: [${UNHEARD_RULE}] lets such pass` };
  }
  const acceptsUnknown = accept.includes(blind === undefined ? IDLE_RULE : UNHEARD_RULE);
  return { left: connections.filter((each) => isCounted(each, acceptsUnknown)) };
}

function connectionText({ remote, process, speaks }: ClientConnection): string {
  const whom = process === undefined ? remote : `${remote} ${process}`;
  return speaks === 'plain' ? whom : `${whom}, idle and of unknown kind`;
}

/** The list names what the member serves, https answers, and where http is closed it is refused. */
export async function clientPortsVerdict(
  doors: RunDoors,
  expected: World,
  name: MemberName,
): Promise<Verdict> {
  const client = memberOf(expected, name).process?.client;
  if (client === undefined) return { kind: 'pass', evidence: `${name} serves no clients` };
  const published = await publishedVerdict(doors, name, client);
  if (published.kind !== 'pass') return published;
  const secure = client.advertise.filter(isHttps);
  if (secure.length === 0) return published;
  const files = await operatorFiles(doors);
  if (files === undefined) {
    const waitsFor = 'the TLS files under cluster.tls to be readable';
    return { kind: 'hold', waitsFor, fault: 'foreign' };
  }
  for (const url of secure) {
    const held = await portVerdict(doors, { name, url, client, files });
    if (held !== undefined) return held;
  }
  const closed = servesHttp(client) ? '' : ', plain http is refused';
  const asks = asksForCertificates(client) ? ', and so is a client without a certificate' : '';
  const evidence = `${published.evidence}, https answers at ${secure.join(' and ')}${closed}${asks}`;
  return { kind: 'pass', evidence };
}

async function publishedVerdict(
  doors: RunDoors,
  name: MemberName,
  { advertise }: ClientSettings,
): Promise<Extract<Verdict, { kind: 'pass' | 'hold' }>> {
  const list = await doors.etcd.get(name)?.members();
  const id = doors.ids.get(name);
  const listed = list?.ok === true ? list.value.members.find((each) => each.id === id) : undefined;
  if (listed !== undefined && sameUrls(listed.clientUrls as readonly PeerUrl[], advertise)) {
    return { kind: 'pass', evidence: `the list has ${advertise.join(' and ')} for ${name}` };
  }
  const waitsFor = `the list to have ${advertise.join(' and ')} for ${name}`;
  return { kind: 'hold', waitsFor, fault: 'ours' };
}

/** Whoever closes a connection before the handshake is over was refused nothing: a peer of one that stops. */
const GONE_BEFORE = 'listener-closed';

/** Somebody who was served until the restart is turned away since: before this gate's own dials nobody else is. */
export function clientsRefused(
  logs: LogWatch,
  expected: World,
  name: MemberName,
  sinceMs: number,
): readonly Verdict[] {
  const { client } = memberOf(expected, name).process ?? {};
  if (client === undefined || servesHttp(client)) return [];
  const refused = logs.findingsSince(sinceMs).filter(({ member, finding: { event, code } }) => {
    return member === name && event === 'rejected' && code !== GONE_BEFORE;
  });
  const told = logs.clientsRefusedSince(sinceMs).filter(({ member }) => member === name);
  const last = refused.at(-1)?.finding ?? told.at(-1);
  if (last === undefined) return [];
  const count = refused.reduce((sum, each) => sum + each.count, told.length);
  const from = last.remoteIp ?? 'an address that it does not name';
  const because = `${name} turns clients away since (${String(count)} so far, last from ${from}): "${last.essence}"`;
  return [{ kind: 'fail', because, fault: 'ours' }];
}

interface Door {
  readonly name: MemberName;
  readonly url: PeerUrl;
  readonly client: ClientSettings;
  readonly files: PeerFiles;
}

/** Undefined: as it should be. What must be refused is dialed last, when the rest has been seen. */
async function portVerdict(
  { dialer }: RunDoors,
  { name, url, client, files }: Door,
): Promise<Verdict | undefined> {
  const hold = (waitsFor: string): Verdict => ({ kind: 'hold', waitsFor, fault: 'ours' });
  const answer = await dialer.dial({ url }, files);
  if (!answer.ok) return hold(`${name} to answer https at ${url} (${answer.error.because})`);
  if (servesHttp(client)) return undefined;
  const plain = await dialer.dialPlain({ url });
  if (plain.result !== 'refused') return hold(`${name} to refuse plain http (${plain.because})`);
  if (!asksForCertificates(client)) return undefined;
  const bare = await dialer.dialWithoutLeaf({ url }, files.ca);
  return bare.result === 'refused'
    ? undefined
    : hold(`${name} to refuse a client without a certificate (${bare.because})`);
}

function asksForCertificates({ hasClientCertAuth, trustedCaFile }: ClientSettings): boolean {
  return hasClientCertAuth || trustedCaFile !== undefined;
}

async function operatorFiles({ here, desired }: RunDoors): Promise<PeerFiles | undefined> {
  const { tls } = desired.cluster;
  if (tls === undefined) return undefined;
  const paths = [tls.ca, tls.cert, tls.key];
  const texts = await Promise.all(
    paths.map(async (path) => {
      const file = path === undefined ? undefined : await here.readFile(path);
      const bytes = file?.ok === true ? file.value?.bytes : undefined;
      return bytes === undefined ? '' : new TextDecoder().decode(bytes);
    }),
  );
  const [ca = '', cert = '', key = ''] = texts;
  return ca === '' ? undefined : { ca, cert, key };
}
