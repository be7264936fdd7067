/** Turns a live cluster and a way to its hosts into a survey that a plan file is written from; changes nothing. */

import { type Result, err, ok } from './base/result.ts';
import { type HostSurvey, notFound, surveyHost } from './discover/survey-host.ts';
import type { Failure } from './model/failure.ts';
import {
  type ClientAccess,
  type Guess,
  type Survey,
  type SurveyWay,
  type SurveyedMember,
  guessed,
  seen,
} from './model/survey.ts';
import { type PeerUrl, isHttps, isLoopback, parsePeerUrl, urlParts } from './model/url.ts';
import type { EndpointStatus, Host, ListedMember, MemberList, OpenEtcd } from './ports.ts';

export interface SurveyInput {
  /** Client URLs as the person gave them. */
  readonly endpoints: readonly string[];
  readonly client: ClientAccess;
  readonly way: SurveyWay;
  readonly planName: string | undefined;
}

/** What etcd itself tells: members and where clients reach them; nothing of their hosts yet. */
export async function surveyCluster(
  openEtcd: OpenEtcd,
  input: SurveyInput,
): Promise<Result<Survey, Failure>> {
  const list = await firstList(openEtcd, input.endpoints);
  if (!list.ok) return list;
  const { members, clusterId } = list.value;
  const named = members.filter(({ name }) => name !== '');
  const found = await Promise.all(
    named.map(async (entry) => {
      const endpoint = endpointOf(entry, input);
      const status = endpoint === undefined ? undefined : await statusAt(openEtcd, endpoint.value);
      return { entry, endpoint, status };
    }),
  );
  const surveyed = found
    .map(({ entry, status }) => memberOf(entry, status, input.way))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const endpoints = [...found]
    .sort((a, b) => (a.entry.name < b.entry.name ? -1 : 1))
    .flatMap(({ entry, endpoint, status }) => {
      if (endpoint === undefined) return [];
      return [status?.memberId === entry.id ? seen(endpoint.value) : endpoint];
    });
  const planName = input.planName;
  return ok({
    planName:
      planName === undefined
        ? guessed(
            `etcd-${clusterId.slice(0, 8)}`,
            'by the cluster ID; runs are kept under this name',
          )
        : seen(planName),
    clusterId,
    endpoints: distinct(endpoints.length > 0 ? endpoints : input.endpoints.map(seen)),
    client: input.client,
    way: input.way,
    members: surveyed,
  });
}

/** The same with what each host tells; a host that does not answer leaves its member to be filled in. */
export async function withHosts(
  survey: Survey,
  hostOf: (name: string) => Host | undefined,
): Promise<Survey> {
  const isAlone = survey.way.kind === 'ssh' && hasOwnHosts(survey);
  const members = await Promise.all(
    survey.members.map(async (member): Promise<SurveyedMember> => {
      const host = hostOf(member.name);
      const { name, peerUrls, clientUrls } = member;
      const found: HostSurvey =
        host === undefined
          ? notFound('its host is not known', { name, isAlone })
          : await surveyHost(host, { name, urls: [...peerUrls, ...clientUrls], isAlone });
      return { ...member, ...found, notes: [...member.notes, ...found.notes] };
    }),
  );
  return { ...survey, members };
}

function hasOwnHosts({ members }: Survey): boolean {
  return new Set(members.map(({ address }) => address.value)).size === members.length;
}

async function firstList(
  openEtcd: OpenEtcd,
  endpoints: readonly string[],
): Promise<Result<MemberList, Failure>> {
  let last: Failure | undefined;
  for (const endpoint of endpoints) {
    const etcd = openEtcd(endpoint);
    const list = await etcd.members();
    etcd.close();
    if (list.ok) return list;
    last = list.error;
  }
  return err({
    code: last?.code ?? 'ENDPOINT_UNREACHABLE',
    where: '--endpoint',
    would: 'ask the cluster who its members are',
    but: last?.but ?? 'no endpoint was given',
    so: 'nothing is known of the cluster; no plan file was written',
    remedy: last?.remedy ?? 'name a client URL of the cluster with --endpoint',
  });
}

async function statusAt(openEtcd: OpenEtcd, url: string): Promise<EndpointStatus | undefined> {
  const etcd = openEtcd(url);
  const status = await etcd.status();
  etcd.close();
  return status.ok ? status.value : undefined;
}

/** The client URL to write down: one that was given, else one of the same scheme that others can reach. */
function endpointOf(
  { clientUrls }: ListedMember,
  { endpoints, way }: SurveyInput,
): Guess<string> | undefined {
  const urls = clientUrls.flatMap((text) => {
    const url = parsePeerUrl(text.replace(/\/$/, ''));
    return url.ok ? [url.value] : [];
  });
  const given = urls.find((url) => endpoints.includes(url));
  if (given !== undefined) return seen(given);
  const scheme = endpoints.some((url) => url.startsWith('https:'));
  const fit = urls.filter((url) => isHttps(url) === scheme);
  const reachable =
    way.kind === 'local' ? fit : fit.filter((url) => !isLoopback(urlParts(url).host));
  const [first] = reachable;
  return first === undefined
    ? undefined
    : guessed(first, 'advertised to clients; it did not answer');
}

function memberOf(
  entry: ListedMember,
  status: EndpointStatus | undefined,
  way: SurveyWay,
): SurveyedMember {
  const peerUrls = entry.peerUrls.flatMap((text): readonly PeerUrl[] => {
    const url = parsePeerUrl(text);
    return url.ok ? [url.value] : [];
  });
  const [first] = peerUrls;
  const host = first === undefined ? '' : urlParts(first).host;
  const own = status?.memberId === entry.id ? status : undefined;
  return {
    name: entry.name,
    version: own?.version,
    isLeader: own?.isLeader === true,
    isLearner: entry.isLearner,
    peerUrls,
    clientUrls: entry.clientUrls,
    address:
      way.kind === 'ssh'
        ? guessed(
            host,
            'the host of its peer URL; write what ssh calls it when that is another name',
          )
        : seen(host),
    ...notFound('its host was not looked at', { name: entry.name, isAlone: false }),
    notes: [
      ...(own !== undefined ? [] : ['no client URL answered as this member']),
      ...(entry.isLearner ? ['it is a learner: promote it or remove it first'] : []),
      ...(isLoopback(host) && way.kind === 'ssh'
        ? [`its peer URL is ${host}: no other machine reaches that`]
        : []),
    ],
  };
}

function distinct(guesses: readonly Guess<string>[]): readonly Guess<string>[] {
  return guesses.filter(
    ({ value }, at) => guesses.findIndex((each) => each.value === value) === at,
  );
}

/** A member of which only the name is known. */
export function notFoundMember(name: string, address: string): SurveyedMember {
  return {
    name,
    version: undefined,
    isLeader: false,
    isLearner: false,
    peerUrls: [],
    clientUrls: [],
    address: seen(address),
    ...notFound('it was not looked at', { name, isAlone: false }),
  };
}
