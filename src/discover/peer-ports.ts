/** Turns what peer ports answer into the member list, versions and who reaches whom; needs no client API. */

import { type Result, err, ok } from '../base/result.ts';
import { type MemberId, type MemberName, memberIdFromDecimal } from '../model/ids.ts';
import type { ObservedMember, ObservedState } from '../model/observed.ts';
import { type PeerUrl, isHttps, urlParts } from '../model/url.ts';
import { type World, isUp, memberOf, pairKey } from '../model/world.ts';
import type {
  ListedMember,
  MemberDoors,
  PeerDialer,
  PeerFiles,
  PeerPath,
  PeerTarget,
} from '../ports.ts';
import { readLinkFiles } from './link-files.ts';

export interface PeerPortDoors {
  readonly doors: ReadonlyMap<MemberName, MemberDoors>;
  readonly dialer: PeerDialer;
  /** A dial from this machine is one from the member's host. */
  readonly isHere: (member: MemberName) => boolean;
}

/** What one peer port tells of itself. */
export interface PeerStory {
  readonly id: MemberId | undefined;
  readonly clusterId: string | undefined;
  readonly version: string;
  readonly members: readonly ListedMember[];
}

/** Of the URLs the ones that a process with these listeners can serve: the same port, the same scheme. */
export function servedUrls(
  urls: readonly PeerUrl[],
  listens: readonly PeerUrl[],
): readonly PeerUrl[] {
  return urls.filter((url) => {
    return listens.some(
      (listen) => urlParts(listen).port === urlParts(url).port && isHttps(listen) === isHttps(url),
    );
  });
}

/** The list and version that a peer port tells; the reason where it does not. */
export async function askPeerPort(
  dialer: PeerDialer,
  url: PeerUrl,
  files: PeerFiles | undefined,
  coveredName?: string,
): Promise<Result<PeerStory, string>> {
  const target = { url, ...(coveredName === undefined ? {} : { coveredName }) };
  const [list, version] = await Promise.all([
    page(dialer, target, files, '/members'),
    page(dialer, target, files, '/version'),
  ]);
  if (!list.ok) return list;
  if (!version.ok) return version;
  const members = membersOf(list.value.body);
  const told = /"etcdserver"\s*:\s*"([^"]+)"/u.exec(version.value.body)?.[1];
  if (members === undefined || told === undefined) {
    return err(`${url} does not answer as etcd's peer port does`);
  }
  const { clusterId } = list.value;
  const own = members.find(({ peerUrls }) => peerUrls.includes(url));
  return ok({ id: own?.id, clusterId, version: told, members });
}

/** From every up member's host to every other up member: the pairs that did not answer, with the reason. */
export async function unansweredPairs(
  input: PeerPortDoors,
  state: ObservedState,
  world: World,
  isAsked: (pair: string) => boolean = () => true,
): Promise<ReadonlyMap<string, string>> {
  const up = world.members.filter(isUp);
  const found = await Promise.all(
    up.flatMap((from) => {
      return up
        .filter((to) => to !== from && isAsked(pairKey(from.name, to.name)))
        .map(async (to): Promise<readonly (readonly [string, string])[]> => {
          const reason = await unanswered(input, state, world, from.name, to.name);
          return reason === undefined ? [] : [[pairKey(from.name, to.name), reason]];
        });
    }),
  );
  return new Map(found.flat());
}

async function unanswered(
  { doors, dialer, isHere }: PeerPortDoors,
  state: ObservedState,
  world: World,
  from: MemberName,
  to: MemberName,
): Promise<string | undefined> {
  if (!isHere(from))
    return `the host of ${from} is another machine, from which nothing is dialed here`;
  const source = state.members.find(({ name }) => name === from);
  const listens = memberOf(world, to).process?.peer.listen ?? [];
  const [url] = servedUrls(world.record[to] ?? [], listens);
  if (url === undefined) return `no URL of ${to} fits what its process listens on`;
  const files = await filesOf(doors, source, world, from, url);
  if (!files.ok) return files.error;
  for (const path of ['/version', '/raft/probing'] as const) {
    const answer = await page(dialer, { url }, files.value, path);
    if (!answer.ok) return answer.error;
  }
  return undefined;
}

/** The member's own files, as its process names them. */
async function filesOf(
  doors: PeerPortDoors['doors'],
  observed: ObservedMember | undefined,
  world: World,
  from: MemberName,
  url: PeerUrl,
): Promise<Result<PeerFiles | undefined, string>> {
  if (!isHttps(url)) return ok(undefined);
  const { process } = memberOf(world, from);
  const host = doors.get(from)?.host;
  if (observed === undefined || process === undefined || host === undefined) {
    return err(`${from} does not run`);
  }
  return (await readLinkFiles(host, observed, process)).all;
}

async function page(
  dialer: PeerDialer,
  target: PeerTarget,
  files: PeerFiles | undefined,
  path: PeerPath,
): Promise<Result<{ readonly body: string; readonly clusterId: string | undefined }, string>> {
  const { url } = target;
  const answer = await dialer.get(target, files, path);
  if (!answer.ok) return err(`${url}${path}: ${answer.error.because}`);
  if (answer.value.statusCode === 200) return ok(answer.value);
  return err(`${url}${path} answers ${String(answer.value.statusCode)}`);
}

/** A member's ID is a number beyond 2^53, so it is read as text. */
function membersOf(body: string): readonly ListedMember[] | undefined {
  let read: unknown;
  try {
    read = JSON.parse(body.replaceAll(/"id"\s*:\s*(\d+)/gu, '"id":"$1"'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(read) || read.length === 0) return undefined;
  const members = read.map((each: unknown) => listed(each));
  return members.some((member) => member === undefined)
    ? undefined
    : members.flatMap((member) => member ?? []);
}

function listed(value: unknown): ListedMember | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, name, peerURLs, clientURLs, isLearner } = value as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string') return undefined;
  return {
    id: memberIdFromDecimal(id),
    name: typeof name === 'string' ? name : '',
    peerUrls: texts(peerURLs),
    clientUrls: texts(clientURLs),
    isLearner: isLearner === true,
  };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
