/** Turns the time that a story on a live cluster takes into what its clients and its members saw meanwhile. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { fieldOf, Gateway } from '../../src/lab/gateway.ts';
import type { LabMember } from '../../src/lab/lab-folder.ts';
import { startLeaseKeeper } from '../../src/lab/lease-keeper.ts';
import { countRestarts } from '../../src/lab/restart-counter.ts';
import { startWriter } from '../../src/lab/writer.ts';
import { tlsTrouble } from '../support/tls-trouble.ts';

export interface Seen {
  readonly seconds: number;
  readonly acknowledged: number;
  readonly writesPerSecond: number;
  readonly lost: number;
  readonly longestStallMs: number;
  readonly p99Ms: number;
  readonly failedRequests: number;
  readonly keepalives: number;
  readonly failedKeepalives: number;
  readonly restarts: number;
  readonly leaderChanges: number;
  /** While some member that runs calls another one that runs inactive (etcd_network_active_peers). */
  readonly degradedSeconds: number;
  /** Lines of the members' own logs about refused or broken TLS links. */
  readonly tlsLines: number;
}

const LOOK_EVERY_MS = 250;
const LOOK_DEADLINE_MS = 1000;
/** Clients that were at work before it began, and go on a little after its end. */
const LEAD_MS = 2000;

export async function underClients(
  members: readonly LabMember[],
  story: () => Promise<void>,
): Promise<Seen> {
  const endpoints = members.map(({ endpoint }) => endpoint);
  const logsBefore = await logsOf(members);
  const counter = await countRestarts(members);
  const writer = startWriter({ endpoints, keyPrefix: `bench/${String(Date.now())}/` });
  const keeper = startLeaseKeeper({ endpoints });
  const watch = watchMembers(members);
  await pause(LEAD_MS);
  const startedAtMs = performance.now();
  await story();
  const seconds = (performance.now() - startedAtMs) / 1000;
  await pause(LEAD_MS);
  const [written, leases, restarts] = await Promise.all([
    writer.stop(),
    keeper.stop(),
    counter.stop(),
  ]);
  const { leaderChanges, degradedSeconds } = await watch.stop();
  const readBack = await writer.readBack();
  if (!readBack.ok) throw new Error(readBack.error.but);
  const logs = await logsOf(members);
  const lines = logs.flatMap((text, at) => text.slice(logsBefore[at]?.length).split('\n'));
  return {
    seconds,
    acknowledged: written.acknowledged,
    writesPerSecond: written.writesPerSecond,
    lost: readBack.value.lost.length + readBack.value.mismatched.length,
    longestStallMs: written.longestStallMs,
    p99Ms: written.p99Ms,
    failedRequests: written.failedRequests,
    keepalives: leases.keepalives,
    failedKeepalives: leases.failed,
    restarts: [...restarts.values()].reduce((sum, count) => sum + count, 0),
    leaderChanges,
    degradedSeconds,
    tlsLines: lines.filter(tlsTrouble).length,
  };
}

interface Watch {
  stop(): Promise<Pick<Seen, 'leaderChanges' | 'degradedSeconds'>>;
}

/** Each member's own view of who leads and of its peers, now and then. */
function watchMembers(members: readonly LabMember[]): Watch {
  const gateways = members.map(({ endpoint }) => new Gateway(endpoint));
  let [leader, leaderChanges, degradedSeconds] = ['', 0, 0];
  let lastAtMs = performance.now();
  const look = async (): Promise<void> => {
    const views = (await Promise.all(gateways.map(viewOf))).filter((view) => view !== undefined);
    const up = new Set(views.map(({ id }) => id));
    const isDegraded = views.some(({ inactive }) => inactive.some((id) => up.has(id)));
    const nowMs = performance.now();
    if (isDegraded) degradedSeconds += (nowMs - lastAtMs) / 1000;
    lastAtMs = nowMs;
    const led = views.find(({ leads }) => leads)?.id ?? leader;
    if (leader !== '' && led !== leader) leaderChanges += 1;
    leader = led;
  };
  const stopping = new AbortController();
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look();
      await pause(LOOK_EVERY_MS);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await looking;
      for (const gateway of gateways) gateway.close();
      return { leaderChanges, degradedSeconds };
    },
  };
}

interface View {
  /** Hexadecimal, as in the metrics. */
  readonly id: string;
  readonly leads: boolean;
  readonly inactive: readonly string[];
}

/** Undefined: it does not serve. */
async function viewOf(gateway: Gateway): Promise<View | undefined> {
  const [status, metrics] = await Promise.all([
    gateway.call('/maintenance/status', {}, LOOK_DEADLINE_MS),
    gateway.get('/metrics', LOOK_DEADLINE_MS),
  ]);
  if (status.kind !== 'answered' || metrics.kind !== 'answered') return undefined;
  const id = memberIdOf(status.text);
  if (id === undefined) return undefined;
  const inactive = [...metrics.text.matchAll(INACTIVE)].map((match) => match[1] ?? '');
  return { id, leads: fieldOf(status.text, 'leader') === BigInt(`0x${id}`).toString(), inactive };
}

const INACTIVE = /^etcd_network_active_peers\{[^}]*Remote="([0-9a-f]+)"[^}]*\} 0$/gmu;

function memberIdOf(status: string): string | undefined {
  const id = /"member_id":"(\d+)"/u.exec(status)?.[1];
  return id === undefined ? undefined : BigInt(id).toString(16);
}

function logsOf(members: readonly LabMember[]): Promise<readonly string[]> {
  return Promise.all(members.map(({ folder }) => readFile(path.join(folder, 'etcd.log'), 'utf8')));
}

export function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
