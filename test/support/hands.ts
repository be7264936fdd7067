/** Turns words like `restart m2 on https` into what happens to a live cluster, and remembers what each process has loaded. */

import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { labUp } from '../../src/lab/cluster.ts';
import { fieldOf, Gateway } from '../../src/lab/gateway.ts';
import { labDown } from '../../src/lab/lab-down.ts';
import type { Lab, LabMember } from '../../src/lab/lab-folder.ts';
import { runningPid, startMember, stopMember } from '../../src/lab/member-process.ts';
import type { FileContent } from '../../src/model/certificate.ts';
import { environmentName } from '../../src/model/settings.ts';
import { value } from './etcd-calls.ts';
import {
  LEAF_KINDS,
  type LeafKind,
  type PemPair,
  leafOfKind,
  newAuthority,
  pki,
} from './leaf-kinds.ts';
import type { PeerUrls, SeenCluster } from './observed-matrix.ts';
import {
  type Action,
  type Bench,
  type ListenKind,
  type PeerConfig,
  type TrustKind,
  type UrlKind,
  settingsOf,
  urlsOf,
} from './walk.ts';

/** A first election on a busy machine takes seconds, never this long. */
const QUORUM_MS = 30_000;
/** A member that is linked to the leader takes part within this; one that is not never does. */
const TAKES_PART_MS = 4000;
const GONE_MS = 10_000;
const LOOK_MS = 50;
const HEALTH_MS = 800;
/** A change of the list right after an election may be dropped by etcd and never answered. */
const CALL_MS = 4000;
const UPDATE_TRIES = 5;

interface State {
  config: PeerConfig;
  leaf: LeafKind;
  trust: TrustKind;
  /** As at its start; undefined: system roots. */
  loadedCa: string | undefined;
  loadsLeaf: boolean;
  startedAt: number;
  swappedAt: number;
  view: PeerUrls;
}

export const PLAIN: PeerConfig = {
  listen: 'http',
  loadsTrust: false,
  loadsLeaf: false,
  demandsLeaf: false,
};

/** What a migration leads to. */
export const MUTUAL: PeerConfig = {
  listen: 'https',
  loadsTrust: true,
  loadsLeaf: true,
  demandsLeaf: true,
};

/** Leaves of every kind for every member of the lab, and the CA files. */
export async function handsOn(lab: Lab): Promise<Hands> {
  const authorities = { ours: await newAuthority('ours'), other: await newAuthority('other') };
  const leaves = new Map(
    lab.members.map(({ name, address }) => {
      const kinds = LEAF_KINDS.map((kind) => [kind, leafOfKind(kind, address, authorities)]);
      return [name, Object.fromEntries(kinds) as Record<LeafKind, PemPair>];
    }),
  );
  const { ours, other } = authorities;
  const hands = new Hands(lab, leaves, {
    ours: ours.certificatePem,
    other: other.certificatePem,
    both: `${ours.certificatePem}${other.certificatePem}`,
  });
  for (const { name } of lab.members) await hands.putFiles(name);
  return hands;
}

/** A lab of three for one story; its folder stays, and is named, when the story does not end well. */
export async function withHands(
  story: (hands: Hands) => Promise<void>,
  prepare: (lab: Lab) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const base = await mkdtemp(path.join(tmpdir(), 'peershift-hands-'));
  const dir = path.join(base, 'lab');
  let isWell = false;
  try {
    const lab = value(await labUp({ dir, members: 3 }, silent));
    await prepare(lab);
    await story(await handsOn(lab));
    isWell = true;
  } catch (error) {
    if (error instanceof Error) error.message += `\nthe cluster's folder: ${dir}`;
    throw error;
  } finally {
    value(await labDown({ dir }, silent));
    if (isWell) await rm(base, { recursive: true, force: true });
  }
}

const silent = (): undefined => undefined;

export class Hands {
  readonly lab: Lab;
  readonly #leaves: ReadonlyMap<string, Readonly<Record<LeafKind, PemPair>>>;
  readonly #trust: Readonly<Record<TrustKind, string>>;
  readonly #states: ReadonlyMap<string, State>;
  readonly bench: Bench;
  /** Counts what happened, so that "since its start" has a meaning without a clock. */
  #now = 0;

  constructor(
    lab: Lab,
    leaves: ReadonlyMap<string, Readonly<Record<LeafKind, PemPair>>>,
    trust: Readonly<Record<TrustKind, string>>,
  ) {
    this.lab = lab;
    this.#leaves = leaves;
    this.#trust = trust;
    const view = Object.fromEntries(
      lab.members.map(({ name, address }) => [name, urlsOf(address, 'http')]),
    );
    this.#states = new Map(lab.members.map(({ name }) => [name, freshState(view)]));
    this.bench = this.#makeBench();
  }

  member(name: string): LabMember {
    return found(this.lab.members.find((each) => each.name === name));
  }

  /** Everything that is needed to see who can dial whom. */
  seen(): SeenCluster {
    const members = this.lab.members.map(({ name, endpoint }) => {
      const state = this.#state(name);
      const leaf = state.loadsLeaf ? this.#pair(name, state.leaf) : undefined;
      return { name, endpoint, files: { ca: state.loadedCa, leaf }, lastView: state.view };
    });
    return {
      members,
      mayBeOld: (pair) => {
        const ends = pair.split('>').map((name) => this.#state(name));
        const opened = Math.max(...ends.map(({ startedAt }) => startedAt));
        return ends.some(({ swappedAt }) => swappedAt > opened);
      },
    };
  }

  /** What the members said of each other's URLs when they were last asked. */
  remember(views: ReadonlyMap<string, PeerUrls>): void {
    for (const [name, view] of views) this.#state(name).view = view;
  }

  /** Does it, and waits until the cluster serves and the member had time to take part. */
  async act(action: Action): Promise<void> {
    const { member } = action;
    const state = this.#state(member);
    switch (action.kind) {
      case 'update':
        await this.advertise(member, action.urls);
        return;
      case 'leaf':
        this.#now += 1;
        state.leaf = action.leaf;
        state.swappedAt = this.#now;
        await this.#putLeaf(member);
        return;
      case 'switch':
        await this.restart(member, action.config);
        break;
      case 'trust':
        state.trust = action.trust;
        await this.#putTrust(member);
        await this.restart(member);
        break;
      case 'restart':
        await this.restart(member);
        break;
      case 'crash':
        await killMember(this.member(member));
        await this.start(member);
        break;
    }
    await this.untilServing(member);
  }

  /** Every member from http to this, one after the other, by the road that is always open. */
  async begin(listen: ListenKind): Promise<void> {
    if (listen === 'http') return;
    const names = this.lab.members.map(({ name }) => name);
    for (const name of names) {
      await this.restart(name, { ...MUTUAL, listen: 'both' });
      await this.untilServing(name);
    }
    for (const name of names) await this.advertise(name, listen === 'both' ? 'both' : 'second');
    if (listen === 'both') return;
    for (const name of names) {
      await this.restart(name, MUTUAL);
      await this.untilServing(name);
      await this.advertise(name, 'https');
    }
  }

  /** Returns when the process is up, whether it takes part or not. */
  async restart(name: string, config = this.#state(name).config): Promise<void> {
    this.#state(name).config = config;
    await this.stop(name);
    await this.start(name);
  }

  async stop(name: string): Promise<void> {
    value(await stopMember(this.member(name)));
  }

  async start(name: string): Promise<void> {
    const state = this.#state(name);
    this.#now += 1;
    await this.#writeSettings(name);
    value(await startMember(this.member(name)));
    state.startedAt = this.#now;
    state.loadedCa = state.config.loadsTrust ? this.#trust[state.trust] : undefined;
    state.loadsLeaf = state.config.loadsLeaf;
  }

  /** Most members are healthy, and this one is, or had time to become it. */
  async untilServing(name: string): Promise<void> {
    const quorum = Math.floor(this.lab.members.length / 2) + 1;
    const startedAtMs = performance.now();
    for (;;) {
      const healthy = await this.healthy();
      const waitedMs = performance.now() - startedAtMs;
      if (healthy.length >= quorum && (healthy.includes(name) || waitedMs > TAKES_PART_MS)) return;
      if (waitedMs > QUORUM_MS) {
        throw new Error(`no quorum after ${name} was started; healthy: ${healthy.join(', ')}`);
      }
      await delay(LOOK_MS);
    }
  }

  /** Who serves a linearizable read now. */
  async healthy(): Promise<readonly string[]> {
    const answers = await Promise.all(
      this.lab.members.map(async ({ name }) => {
        const answer = await this.ask(name, (gateway) => gateway.get('/health', HEALTH_MS));
        return answer.kind === 'answered' && answer.status === 200 ? [name] : [];
      }),
    );
    return answers.flat();
  }

  /** The name of the member that says that it leads; undefined when none does. */
  async leader(): Promise<string | undefined> {
    const says = await Promise.all(
      this.lab.members.map(async ({ name }) => {
        const answer = await this.ask(name, (gateway) =>
          gateway.call('/maintenance/status', {}, CALL_MS),
        );
        if (answer.kind !== 'answered') return [];
        const own = fieldOf(answer.text, 'header', 'member_id');
        return own !== undefined && own === fieldOf(answer.text, 'leader') ? [name] : [];
      }),
    );
    return says.flat()[0];
  }

  async advertise(name: string, kind: UrlKind): Promise<void> {
    const urls = urlsOf(this.member(name).address, kind);
    for (let attempt = 0; attempt < UPDATE_TRIES; attempt += 1) {
      const [healthy] = await this.healthy();
      if (healthy === undefined) continue;
      const isDone = await this.ask(healthy, async (gateway) => {
        const list = await gateway.call('/cluster/member/list', {}, CALL_MS);
        const members = list.kind === 'answered' ? fieldOf(list.text, 'members') : undefined;
        const all = Array.isArray(members) ? (members as { ID: string; name?: string }[]) : [];
        const id = all.find((each) => each.name === name)?.ID;
        if (id === undefined) return false;
        const body = { ID: id, peerURLs: urls };
        const answer = await gateway.call('/cluster/member/update', body, CALL_MS);
        return answer.kind === 'answered' && answer.status === 200;
      });
      if (isDone) return;
    }
    throw new Error(`the URLs of ${name} were not taken in ${String(UPDATE_TRIES)} tries`);
  }

  /** One question on a connection of its own. */
  async ask<T>(name: string, question: (gateway: Gateway) => Promise<T>): Promise<T> {
    const gateway = new Gateway(this.member(name).endpoint);
    try {
      return await question(gateway);
    } finally {
      gateway.close();
    }
  }

  /** CA file, leaf and key as they should stand. */
  async putFiles(name: string): Promise<void> {
    await mkdir(path.dirname(this.#paths(name).ca), { recursive: true });
    await this.#putTrust(name);
    await this.#putLeaf(name);
  }

  async #putTrust(name: string): Promise<void> {
    await replace(this.#paths(name).ca, this.#trust[this.#state(name).trust]);
  }

  async #putLeaf(name: string): Promise<void> {
    const pair = this.#pair(name, this.#state(name).leaf);
    await replace(this.#paths(name).key, pair.keyPem);
    await replace(this.#paths(name).leaf, pair.certificatePem);
  }

  async #writeSettings(name: string): Promise<void> {
    const file = path.join(this.member(name).folder, 'etcd.env');
    const wanted = Object.entries(settingsOf(this.bench, name, this.#state(name).config));
    const names = wanted.map(([flag]) => `${environmentName(flag)}=`);
    const text = await readFile(file, 'utf8');
    const kept = text.split('\n').filter((line) => !names.some((each) => line.startsWith(each)));
    const lines = wanted.flatMap(([flag, to]) =>
      to === undefined ? [] : [`${environmentName(flag)}="${to}"`],
    );
    await replace(file, `${kept.join('\n').trimEnd()}\n${lines.join('\n')}\n`);
  }

  #paths(name: string): ReturnType<Bench['paths']> {
    const folder = path.join(this.member(name).folder, 'pki');
    return {
      ca: path.join(folder, 'ca.pem'),
      leaf: path.join(folder, 'peer.pem'),
      key: path.join(folder, 'peer-key.pem'),
    };
  }

  #pair(name: string, kind: LeafKind): PemPair {
    return found(this.#leaves.get(name))[kind];
  }

  /** Every text is read once: a walk asks for them some thousand times. */
  #makeBench(): Bench {
    const texts = [this.#trust.ours, this.#trust.other];
    const leaves = new Map(
      [...this.#leaves].map(([name, pairs]) => {
        const kinds = LEAF_KINDS.map((kind) => [kind, contentsOf(pairs[kind], texts)]);
        return [name, Object.fromEntries(kinds) as Record<LeafKind, Contents>];
      }),
    );
    const pools = Object.fromEntries(
      Object.entries(this.#trust).map(([kind, text]): [string, FileContent] => {
        return [kind, { kind: 'pool', authorities: value(pki.readCertificates(text)) }];
      }),
    ) as Record<TrustKind, FileContent>;
    return {
      paths: (name) => this.#paths(name),
      address: (name) => this.member(name).address,
      leaf: (name, kind) => found(leaves.get(name))[kind],
      pool: (kind) => pools[kind],
    };
  }

  #state(name: string): State {
    return found(this.#states.get(name));
  }
}

type Contents = ReturnType<Bench['leaf']>;

function contentsOf(pair: PemPair, texts: readonly string[]): Contents {
  return {
    leaf: { kind: 'leaf', leaf: value(pki.readLeaf(pair.certificatePem, texts)) },
    key: { kind: 'key', keyId: value(pki.readKeyId(pair.keyPem)) },
  };
}

function freshState(view: PeerUrls): State {
  const files = { config: PLAIN, leaf: 'good', trust: 'ours' } as const;
  return { ...files, loadedCa: undefined, loadsLeaf: false, startedAt: 0, swappedAt: 0, view };
}

/** SIGKILL, by the id that stands in its own file; returns when it is gone. */
async function killMember(member: LabMember): Promise<void> {
  const pid = value(await runningPid(member));
  if (pid === undefined) return;
  process.kill(pid, 'SIGKILL');
  const giveUpAtMs = performance.now() + GONE_MS;
  while (value(await runningPid(member)) !== undefined) {
    if (performance.now() > giveUpAtMs) throw new Error(`${member.name} survives SIGKILL`);
    await delay(LOOK_MS);
  }
}

async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new`, file);
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the lab has no such member');
  return value;
}
