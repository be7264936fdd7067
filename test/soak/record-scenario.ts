/**
 * Turns an etcd binary and the name of a scenario into the logs of three real members that went through it:
 * `record-scenario.ts ETCD SCENARIO FOLDER`. It takes 127.0.0.11 to .13 with etcd's usual ports, so it is run
 * in a network namespace of its own.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { makeOpenEtcd } from '../../src/adapters/etcd/open.ts';
import { parsePeerUrl } from '../../src/model/url.ts';
import { CORPUS_MEMBERS, type CorpusScenario } from '../support/corpus.ts';
import { value } from '../support/etcd-calls.ts';
import { type LeafKind, leafOfKind, newAuthority } from '../support/leaf-kinds.ts';

type Name = (typeof CORPUS_MEMBERS)[number];

/** A prober says what it thinks every 5 s, and a leader asks for versions every 4 s: two of each. */
const SETTLE_MS = 11_000;
/** A member applies an update, and the streams of others stay where they are. */
const APPLIED_MS = 1000;
/** With their URLs it makes the members' IDs: those of the recordings that there were. */
const TOKEN = 't';
const HEALTHY_WITHIN_MS = 30_000;
const ENDED_WITHIN_MS = 20_000;
const POLL_MS = 100;

/** How a member is run: what of TLS it is given, and with which scheme it listens. */
interface Wish {
  readonly listen?: 'http' | 'https';
  readonly tls?: 'leaf' | 'pool' | 'nothing';
  /** More flags and environment, of those that refuse to start. */
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const PLAIN: Wish = {};
const TRUSTING: Wish = { tls: 'leaf' };
const SWITCHED: Wish = { listen: 'https', tls: 'leaf' };

class Recording {
  readonly #binary: string;
  readonly #folder: string;
  readonly #children = new Map<Name, ChildProcess>();
  readonly #marks = new Map<Name, number>();

  constructor(binary: string, folder: string) {
    this.#binary = binary;
    this.#folder = folder;
    mkdirSync(path.join(folder, 'pki'));
  }

  /** The leaf that each of these gets; whoever is not named gets a good one. */
  async issue(kinds: Partial<Record<Name, LeafKind>> = {}): Promise<void> {
    const [ours, other] = [await newAuthority('etcd-peer-ca'), await newAuthority('another-ca')];
    await writeFile(this.#pki('ca.pem'), ours.certificatePem);
    for (const name of CORPUS_MEMBERS) {
      const leaf = leafOfKind(kinds[name] ?? 'good', addressOf(name), { ours, other });
      await writeFile(this.#pki(`${name}.pem`), leaf.certificatePem);
      await writeFile(this.#pki(`${name}.key`), leaf.keyPem, { mode: 0o600 });
    }
  }

  async startAll(wishes: Partial<Record<Name, Wish>> = {}): Promise<void> {
    for (const name of CORPUS_MEMBERS) this.#spawn(name, wishes[name] ?? PLAIN);
    for (const name of CORPUS_MEMBERS) await this.#healthy(name);
  }

  /** What is written from now on is the scenario. */
  mark(): void {
    for (const name of CORPUS_MEMBERS) this.#marks.set(name, statSync(this.#log(name)).size);
  }

  async restart(name: Name, wish: Wish, mayBeRefused = false): Promise<void> {
    await this.stop(name);
    this.#spawn(name, wish);
    if (!mayBeRefused) await this.#healthy(name);
  }

  async stop(name: Name): Promise<void> {
    const child = this.#children.get(name);
    if (child?.exitCode !== null) return;
    const gone = once(child, 'exit', { signal: AbortSignal.timeout(ENDED_WITHIN_MS) });
    child.kill('SIGTERM');
    await gone;
  }

  async advertise(name: Name, scheme: 'http' | 'https'): Promise<void> {
    const etcd = makeOpenEtcd({ callMs: HEALTHY_WITHIN_MS })(clientUrlOf('m1'));
    const { members } = value(await etcd.members());
    const id = members.find((member) => member.name === name)?.id;
    if (id === undefined) throw new Error(`${name} is no member`);
    const url = value(parsePeerUrl(peerUrlOf(name, scheme)));
    value(await etcd.updatePeerUrls(id, [url]));
    etcd.close();
    await delay(APPLIED_MS);
  }

  async end(): Promise<void> {
    for (const name of CORPUS_MEMBERS) await this.stop(name);
  }

  /** As if its folders were those of a packaged etcd. */
  textOf(name: Name): string {
    const text = readFileSync(this.#log(name))
      .subarray(this.#marks.get(name) ?? 0)
      .toString();
    return text
      .replaceAll(path.join(this.#folder, 'pki'), '/etc/etcd/pki')
      .replaceAll(path.join(this.#folder, 'd'), '/var/lib/etcd/d');
  }

  #spawn(name: Name, wish: Wish): void {
    const log = openSync(this.#log(name), 'a');
    const child = spawn(this.#binary, this.#argv(name, wish), {
      stdio: ['ignore', log, log],
      env: { PATH: process.env['PATH'] ?? '', HOME: this.#folder, LANG: 'C', ...wish.environment },
    });
    closeSync(log);
    this.#children.set(name, child);
  }

  #argv(name: Name, { listen = 'http', tls = 'nothing', flags = [] }: Wish): readonly string[] {
    const all = CORPUS_MEMBERS.map((each) => `${each}=${peerUrlOf(each, 'http')}`);
    const pool = ['--peer-trusted-ca-file', this.#pki('ca.pem')];
    const leaf = [
      ...[
        '--peer-cert-file',
        this.#pki(`${name}.pem`),
        '--peer-key-file',
        this.#pki(`${name}.key`),
      ],
      ...[...pool, '--peer-client-cert-auth'],
    ];
    const given = { leaf, pool, nothing: [] }[tls];
    return [
      ...['--name', name, '--data-dir', path.join(this.#folder, `d${name.slice(1)}`)],
      ...['--listen-client-urls', clientUrlOf(name), '--advertise-client-urls', clientUrlOf(name)],
      ...['--listen-peer-urls', peerUrlOf(name, listen)],
      ...['--initial-advertise-peer-urls', peerUrlOf(name, 'http')],
      ...['--initial-cluster', all.join(','), '--initial-cluster-token', TOKEN],
      ...given,
      ...flags,
    ];
  }

  async #healthy(name: Name): Promise<void> {
    const giveUpAtMs = performance.now() + HEALTHY_WITHIN_MS;
    for (;;) {
      const signal = AbortSignal.timeout(1000);
      const answer = await fetch(`${clientUrlOf(name)}/health`, { signal }).catch(() => undefined);
      if (answer?.status === 200) return;
      if (performance.now() > giveUpAtMs) throw new Error(`${name} is not healthy`);
      await delay(POLL_MS);
    }
  }

  #pki(file: string): string {
    return path.join(this.#folder, 'pki', file);
  }

  #log(name: Name): string {
    return path.join(this.#folder, `${name}.log`);
  }
}

function addressOf(name: Name): string {
  return `127.0.0.1${name.slice(1)}`;
}

function clientUrlOf(name: Name): string {
  return `http://${addressOf(name)}:2379`;
}

function peerUrlOf(name: Name, scheme: 'http' | 'https'): string {
  return `${scheme}://${addressOf(name)}:2380`;
}

type Story = (recording: Recording) => Promise<void>;

/** m3 is https and the others have nothing; then m1 gets this leaf, and where asked m2 a good one. */
function badLeaf(kind: LeafKind, isM2Too = false): Story {
  return async (at) => {
    await at.issue({ m1: kind });
    await at.startAll();
    await at.advertise('m3', 'https');
    await at.restart('m3', SWITCHED);
    await delay(SETTLE_MS);
    at.mark();
    await at.restart('m1', TRUSTING);
    await delay(SETTLE_MS);
    if (!isM2Too) return;
    await at.restart('m2', TRUSTING);
    await delay(SETTLE_MS);
  };
}

/** m3 is started with this and ends by itself, or runs on where this etcd takes it. */
function refusal(wish: Wish): Story {
  return async (at) => {
    await at.startAll();
    at.mark();
    await at.restart('m3', wish, true);
    await delay(SETTLE_MS);
  };
}

const STORIES: Readonly<Record<CorpusScenario, Story>> = {
  'benign-restart': async (at) => {
    await at.startAll();
    at.mark();
    for (const name of CORPUS_MEMBERS) {
      await at.restart(name, PLAIN);
      await delay(SETTLE_MS);
    }
  },
  'documented-order': async (at) => {
    await at.issue();
    await at.startAll();
    at.mark();
    await at.advertise('m3', 'https');
    await at.restart('m3', SWITCHED);
    await delay(SETTLE_MS);
    await at.restart('m1', TRUSTING);
    await delay(SETTLE_MS);
    await at.restart('m2', TRUSTING);
    await delay(SETTLE_MS);
  },
  'listen-before-advertise': async (at) => {
    await at.issue();
    await at.startAll();
    at.mark();
    await at.restart('m3', SWITCHED);
    await delay(SETTLE_MS);
  },
  'advertise-before-listen': async (at) => {
    await at.startAll();
    at.mark();
    await at.advertise('m3', 'https');
    await at.restart('m1', PLAIN);
    await delay(SETTLE_MS);
  },
  'others-without-certs': async (at) => {
    await at.issue();
    await at.startAll();
    at.mark();
    await at.advertise('m3', 'https');
    await at.restart('m3', SWITCHED);
    await delay(SETTLE_MS);
  },
  'trust-only-no-client-cert': async (at) => {
    await at.issue();
    await at.startAll({ m1: { tls: 'pool' }, m2: { tls: 'pool' } });
    at.mark();
    await at.advertise('m3', 'https');
    await at.restart('m3', SWITCHED);
    await delay(SETTLE_MS);
  },
  'san-mismatch': badLeaf('no-source', true),
  'server-san-mismatch': async (at) => {
    await at.issue({ m3: 'no-host' });
    await at.startAll({ m1: TRUSTING, m2: TRUSTING });
    at.mark();
    await at.advertise('m3', 'https');
    await at.restart('m3', SWITCHED);
    await delay(SETTLE_MS);
  },
  'eku-server-only': badLeaf('server-only'),
  'wrong-ca': badLeaf('other-ca'),
  'expired-cert': badLeaf('expired'),
  'missing-key': refusal({
    listen: 'https',
    flags: [
      '--peer-cert-file',
      '/etc/etcd/pki/nosuch.pem',
      '--peer-key-file',
      '/etc/etcd/pki/nosuch.pem',
    ],
  }),
  'https-without-certs': refusal({ listen: 'https' }),
  // etcd 3.3 takes the flag and warns; later ones refuse to start.
  'env-flag-conflict': refusal({
    environment: { ETCD_LISTEN_PEER_URLS: 'http://127.0.0.13:2380' },
  }),
};

/** Of a line that comes again and again with other figures: its first three and its last. */
const KEPT_OF_A_SHAPE = 3;

function trimmed(text: string): string {
  const lines = text.split('\n').filter((line) => line !== '');
  const shapeOf = (line: string): string => {
    return line.replaceAll(/[0-9a-f]{12,16}/g, 'ID').replaceAll(/\d+/g, '0');
  };
  const last = new Map(lines.map((line, at) => [shapeOf(line), at]));
  const seen = new Map<string, number>();
  const kept = lines.filter((line, at) => {
    const shape = shapeOf(line);
    const count = (seen.get(shape) ?? 0) + 1;
    seen.set(shape, count);
    return count <= KEPT_OF_A_SHAPE || last.get(shape) === at;
  });
  return `${kept.join('\n')}\n`;
}

const [binary = '', scenario = '', target = ''] = process.argv.slice(2);
const story = STORIES[scenario as CorpusScenario] as Story | undefined;
if (story === undefined) throw new Error(`no scenario ${scenario}`);
const folder = await mkdtemp(path.join(tmpdir(), 'peershift-record-'));
const recording = new Recording(binary, folder);
try {
  await story(recording);
  // Before the members are ended: their ends are no part of it.
  for (const name of CORPUS_MEMBERS) {
    writeFileSync(path.join(target, `${name}.log`), trimmed(recording.textOf(name)));
  }
} finally {
  await recording.end();
  await rm(folder, { recursive: true, force: true });
}
