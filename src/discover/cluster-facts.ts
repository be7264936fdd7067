/** Turns the plan file's endpoints into who answers as which member, and what each of them says. */

import { present } from '../base/assert.ts';
import { type Result, err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import type { MemberId } from '../model/ids.ts';
import type {
  Clock,
  EndpointStatus,
  EtcdMember,
  ListedMember,
  MemberList,
  OpenEtcd,
} from '../ports.ts';
import { agreedList, haveOneView, urlFailures } from './member-list.ts';

/** One client URL that answers as one member. */
export interface Answerer {
  readonly id: MemberId;
  readonly clusterId: string;
  readonly etcd: EtcdMember;
  readonly status: Result<EndpointStatus, Failure>;
  readonly list: Result<MemberList, Failure>;
}

export interface ClusterFacts {
  readonly clusterId: string;
  /** What the majority of the answering members have. */
  readonly list: readonly ListedMember[];
  readonly answerers: ReadonlyMap<MemberId, Answerer>;
  /** Why no client URL answers as this member. */
  readonly silent: ReadonlyMap<MemberId, string>;
}

export interface ClusterInput {
  readonly endpoints: readonly string[];
  /** Members that the plan file names: only of these the advertised client URLs are tried. */
  readonly names: ReadonlySet<string>;
  readonly openEtcd: OpenEtcd;
  readonly clock: Clock;
  /** `openEtcd` takes each URL for a host and a port, and finds out the scheme itself. */
  readonly findsScheme?: boolean;
}

/**
 * A member applies a change of the list a moment after the one that answered for it: well below
 * this.
 */
const VIEW_SETTLE_MS = 500;

/**
 * On success the handles of `answerers` are open and the caller's to close; on failure none is
 * open.
 */
export async function observeCluster(
  input: ClusterInput,
): Promise<Result<ClusterFacts, readonly Failure[]>> {
  const first = await askEndpoints(input);
  if (!first.ok) return first;
  const answerers = first.value;
  const silent = await findOthers(input, answerers);
  const settled = await settledViews(input.clock, answerers);
  const lists = [...settled.values()].flatMap(({ list }) => (list.ok ? [list.value] : []));
  const unusable = urlFailures(lists);
  if (unusable.length > 0) return closed([...settled.values()], unusable);
  const { clusterId } = present([...settled.values()][0], 'a member that answers');
  const list = agreedList([...settled.values()]);
  return ok({ clusterId, list, answerers: settled, silent });
}

/**
 * Every endpoint of the plan file, in parallel; of two that answer as one member the first is kept.
 */
async function askEndpoints(
  input: ClusterInput,
): Promise<Result<Map<MemberId, Answerer>, readonly Failure[]>> {
  const endpoints = [...new Set(input.endpoints)];
  const asked = await Promise.all(endpoints.map((url) => askEndpoint(input.openEtcd, url)));
  const all = asked.flatMap((answer) => (answer.ok ? [answer.value] : []));
  if (all.length === 0) {
    const failures = asked.flatMap((answer) => (answer.ok ? [] : [answer.error]));
    return err([silence(endpoints, failures)]);
  }
  const failures = [...clusterMismatch(all), ...listless(all)];
  if (failures.length > 0) return closed(all, failures);
  const answerers = new Map<MemberId, Answerer>();
  for (const each of all) {
    if (answerers.has(each.id)) each.etcd.close();
    else answerers.set(each.id, each);
  }
  return ok(answerers);
}

async function askEndpoint(openEtcd: OpenEtcd, url: string): Promise<Result<Answerer, Failure>> {
  const etcd = openEtcd(url);
  const [status, list] = await Promise.all([etcd.status(), etcd.members()]);
  if (status.ok) {
    const { memberId: id, clusterId } = status.value;
    return ok({ id, clusterId, etcd, status, list });
  }
  if (list.ok) {
    const { answeredBy: id, clusterId } = list.value;
    return ok({ id, clusterId, etcd, status, list });
  }
  etcd.close();
  return err(status.error);
}

/**
 * Adds who answers at the client URLs that the list has for members nobody answered as; says why
 * nobody does.
 */
async function findOthers(
  input: ClusterInput,
  answerers: Map<MemberId, Answerer>,
): Promise<ReadonlyMap<MemberId, string>> {
  const written = input.findsScheme === true ? ['http', 'https'] : input.endpoints.map(schemeOf);
  const schemes = new Set(written);
  const silent = new Map<MemberId, string>();
  const missing = agreedList([...answerers.values()]).filter(({ id, name }) => {
    return input.names.has(name) && !answerers.has(id);
  });
  const clusterId = [...answerers.values()][0]?.clusterId;
  await Promise.all(
    missing.map(async ({ id, clientUrls }) => {
      const reasons = ['no endpoint of the plan file answers as this member'];
      for (const url of clientUrls) {
        const found = await askAs(input.openEtcd, { url, id, clusterId, schemes });
        if (found.ok) {
          answerers.set(id, found.value);
          return;
        }
        reasons.push(`${url}: ${found.error}`);
      }
      silent.set(id, reasons.join('; '));
    }),
  );
  return silent;
}

interface Wanted {
  readonly url: string;
  readonly id: MemberId;
  readonly clusterId: string | undefined;
  /** Those of the plan file: a login is not sent in the clear because a list says http. */
  readonly schemes: ReadonlySet<string>;
}

async function askAs(openEtcd: OpenEtcd, wanted: Wanted): Promise<Result<Answerer, string>> {
  const { url, id, clusterId, schemes } = wanted;
  if (!schemes.has(schemeOf(url))) {
    return err(`not tried, the plan file's endpoints say ${[...schemes].join(' and ')}`);
  }
  const answer = await askEndpoint(openEtcd, url);
  if (!answer.ok) return err(answer.error.but);
  if (answer.value.id === id && answer.value.clusterId === clusterId) return answer;
  answer.value.etcd.close();
  return err(`it answers as member ${answer.value.id}`);
}

function schemeOf(url: string): string {
  return url.slice(0, Math.max(0, url.indexOf(':')));
}

/** Lists that differ are read once more after a moment; what differs then is kept as it is. */
async function settledViews(
  clock: Clock,
  answerers: ReadonlyMap<MemberId, Answerer>,
): Promise<ReadonlyMap<MemberId, Answerer>> {
  const all = [...answerers.values()];
  if (haveOneView(all)) return answerers;
  await clock.sleep(VIEW_SETTLE_MS);
  const again = await Promise.all(
    all.map(async (each) => ({ ...each, list: await each.etcd.members() })),
  );
  // Without a single list there is no cluster to speak of: the first reading then stands.
  if (!again.some(({ list }) => list.ok)) return answerers;
  return new Map(again.map((each) => [each.id, each]));
}

function closed(
  answerers: readonly Answerer[],
  failures: readonly Failure[],
): Result<never, readonly Failure[]> {
  for (const { etcd } of answerers) etcd.close();
  return err(failures);
}

/** Why nobody answers. A program that is missing is no reason to say that the members are down. */
function silence(endpoints: readonly string[], failures: readonly Failure[]): Failure {
  const would = 'ask the cluster who its members are';
  const so = 'nothing is known of the cluster; nothing was changed';
  const where = 'cluster.endpoints';
  const unusable = failures.find(({ code }) => code === 'ETCDCTL_UNUSABLE');
  if (unusable !== undefined) return { ...unusable, where, would, so };
  const reasons = failures.map(({ but }, at) => `${endpoints[at] ?? ''}: ${but}`);
  return {
    code: 'ENDPOINT_UNREACHABLE',
    where,
    would,
    but: `none of ${String(endpoints.length)} endpoints answers: ${reasons.join('; ')}`,
    so,
    remedy:
      'correct cluster.endpoints (and cluster.tls), or bring the members back, then check again',
  };
}

function clusterMismatch(answerers: readonly Answerer[]): readonly Failure[] {
  const clusters = new Set(answerers.map(({ clusterId }) => clusterId));
  if (clusters.size < 2) return [];
  const list = answerers.map(({ etcd, clusterId }) => `${etcd.endpoint} is of ${clusterId}`);
  return [
    {
      code: 'CLUSTER_MISMATCH',
      where: 'cluster.endpoints',
      would: 'look at one cluster',
      but: `the endpoints belong to ${String(clusters.size)} clusters: ${list.join(', ')}`,
      so: 'which of them is meant cannot be told; nothing was changed',
      remedy: 'keep the endpoints of one cluster in the plan file',
    },
  ];
}

/** Members that answer, and none of them has told the list: the refusal of the first says why. */
function listless(all: readonly Answerer[]): readonly Failure[] {
  const refusals = all.flatMap(({ etcd, list }) => (list.ok ? [] : [{ etcd, error: list.error }]));
  if (refusals.length < all.length) return [];
  const { error } = present(refusals[0], 'a refusal');
  const reasons = refusals.map(({ etcd, error: each }) => `${etcd.endpoint}: ${each.but}`);
  return [{ ...error, where: 'cluster.endpoints', but: reasons.join('; ') }];
}
