/**
 * Turns hosts and peer ports into the observed state of a cluster whose client API answers nowhere. What
 * only the API tells (leader, health, alarms) stays unknown.
 */

import { type Result, err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import { type MemberName, memberIdFromHex } from '../model/ids.ts';
import { type ObservedMember, type ObservedState, known } from '../model/observed.ts';
import { type Settings, peerSettings } from '../model/settings.ts';
import type { PeerUrl } from '../model/url.ts';
import type { ListedMember, MemberList, PeerFiles } from '../ports.ts';
import { assemble, matchMembers } from './assemble.ts';
import type { DiscoverInput } from './discover.ts';
import { judgeFiles, lookAtHosts, lookAtSources } from './discover.ts';
import type { HostFacts } from './host-facts.ts';
import { silentMember } from './member-facts.ts';
import { agreedList, urlFailures, viewOf } from './member-list.ts';
import { type PeerPortDoors, type PeerStory, askPeerPort, servedUrls } from './peer-ports.ts';

export interface BlindInput extends DiscoverInput, Pick<PeerPortDoors, 'dialer'> {
  /** Undefined: any, as long as all that answer are of one. */
  readonly clusterId: string | undefined;
  /** Another way to ask one member's peer port than with its own files. */
  readonly ask?: (name: MemberName, running: Settings) => Promise<Result<PeerStory, string>>;
  /** What the run in hand knows to be advertised: name to URLs. */
  readonly urls: ReadonlyMap<MemberName, readonly PeerUrl[]>;
  /** Why nobody answers. */
  readonly because: string;
  /** What the run in hand knows of a cluster that it has stopped: counts where no peer port tells. */
  readonly stopped?: Stopped | undefined;
}

export interface Stopped {
  /** Counts where nothing else tells it. */
  readonly clusterId?: string;
  readonly list: readonly ListedMember[];
  readonly versions: ReadonlyMap<MemberName, string>;
}

export async function discoverBlind(
  input: BlindInput,
): Promise<Result<ObservedState, readonly Failure[]>> {
  const hosts = await lookAtHosts(input);
  const stories = await askAll(input, hosts);
  const told = [...stories.values()].flatMap((story) => (story.ok ? [story.value] : []));
  const ofTold = input.clusterId ?? told.flatMap((each) => each.clusterId ?? [])[0];
  const wanted = ofTold ?? input.stopped?.clusterId;
  const foreign = told.find(({ clusterId }) => clusterId !== undefined && clusterId !== wanted);
  const stopped = told.length === 0 && hosts.size > 0 ? input.stopped : undefined;
  const isUntold = told.length === 0 && stopped === undefined;
  if (isUntold || wanted === undefined || foreign !== undefined) {
    return err([untold({ ...input, clusterId: wanted }, stories, foreign)]);
  }
  const tellers = stopped === undefined ? told : [{ id: undefined, members: stopped.list }];
  const lists = tellers.map(({ id, members }): MemberList => {
    return { clusterId: wanted, answeredBy: id ?? memberIdFromHex('0'), members };
  });
  const unusable = urlFailures(lists);
  if (unusable.length > 0) return err(unusable);
  const silent = err(untold(input, stories, undefined));
  const list = agreedList(lists.map((each) => ({ status: silent, list: ok(each) })));
  const { entries, strangers } = matchMembers(input.desired.members, list);
  const sources = await lookAtSources(input, entries, list);
  const api = new Map(
    [...entries].map(([name, { id }]) => {
      const story = stories.get(name);
      const facts = silentMember(input.because);
      return [
        id,
        story?.ok === true ? { ...facts, view: known(viewOf(story.value.members)) } : facts,
      ];
    }),
  );
  const cluster = { clusterId: wanted, list, answerers: new Map(), silent: new Map() };
  const observedAtMs = input.clock.nowMs();
  const files = judgeFiles(input, hosts);
  const state = assemble({
    ...{ observedAtMs, cluster, entries, strangers, api, hosts, sources },
    ...files,
  });
  const members = state.members.map((member) => withVersion(member, stories, input.stopped));
  return ok({ ...state, members });
}

type Stories = ReadonlyMap<MemberName, Result<PeerStory, string>>;

function withVersion(
  member: ObservedMember,
  stories: Stories,
  stopped: Stopped | undefined,
): ObservedMember {
  const story = stories.get(member.name);
  const version = story?.ok === true ? story.value.version : stopped?.versions.get(member.name);
  return version === undefined ? member : { ...member, peerVersion: version };
}

async function askAll(
  input: BlindInput,
  hosts: ReadonlyMap<MemberName, HostFacts>,
): Promise<Stories> {
  const asked = [...hosts].map(async ([name, host]) => {
    return [name, await askOne(input, name, host)] as const;
  });
  return new Map(await Promise.all(asked));
}

/** On the URL that its process serves, with its own files. */
async function askOne(
  input: BlindInput,
  name: MemberName,
  host: HostFacts,
): Promise<Result<PeerStory, string>> {
  if (!host.running.known) return err(`${name}: ${host.running.reason}`);
  if (input.ask !== undefined) return input.ask(name, host.running.value);
  const peer = peerSettings(host.running.value);
  const [url] = servedUrls(input.urls.get(name) ?? [], peer.listen);
  if (url === undefined) return err(`${name} listens on none of its URLs`);
  const text = async (path: string | undefined): Promise<string> => {
    const file = path === undefined ? undefined : await input.doors.get(name)?.host.readFile(path);
    return file?.ok === true && file.value !== undefined
      ? new TextDecoder().decode(file.value.bytes)
      : '';
  };
  const files: PeerFiles = {
    ca: await text(peer.trustedCaFile),
    cert: await text(peer.certFile),
    key: await text(peer.keyFile),
  };
  return askPeerPort(input.dialer, url, files);
}

function untold(input: BlindInput, stories: Stories, foreign: PeerStory | undefined): Failure {
  const reasons = [...stories].flatMap(([name, story]) =>
    story.ok ? [] : [`${name}: ${story.error}`],
  );
  return {
    code: foreign === undefined ? 'ENDPOINT_UNREACHABLE' : 'CLUSTER_MISMATCH',
    where: 'the cluster',
    would: 'read the member list from the peer ports, since no API answers',
    but:
      foreign === undefined
        ? [input.because, ...reasons].join('; ')
        : `a peer port is of cluster ${foreign.clusterId ?? ''}, the run is of ${input.clusterId ?? ''}`,
    so: 'what there is cannot be told; nothing was changed',
    remedy: 'bring the members or their client ports back, then peershift rollback again',
  };
}
