/**
 * Turns a folder of manifests into running processes, as a kubelet does for static pods: what is put there is
 * started, what changes is ended and started anew, what is taken away is ended. No containers: the process
 * sees the whole machine, but it is only started when its pod would see each file that its flags name.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';

export interface StandInOptions {
  readonly manifests: string;
  readonly podLogs: string;
  /** The binary behind the command `etcd`. */
  readonly etcd: string;
}

interface Manifest {
  readonly kind?: string;
  readonly metadata?: { readonly name: string; readonly namespace?: string };
  readonly spec?: {
    readonly containers: readonly {
      readonly name: string;
      readonly command: readonly string[];
      readonly args?: readonly string[];
      readonly volumeMounts?: readonly { readonly mountPath: string; readonly name: string }[];
    }[];
    readonly volumes?: readonly { readonly name: string; readonly hostPath?: { path: string } }[];
  };
}

interface Running {
  readonly text: string;
  readonly over: AbortController;
  readonly ended: Promise<void>;
}

/** A kubelet is told of changes at once by the kernel; a look this often is as quick. */
const LOOK_MS = 100;
const RESTART_MS = 1000;
const GRACE_MS = 20_000;

export class KubeletStandIn {
  /** Files in the folder that are no pods: a real kubelet would complain, or run them. */
  readonly strangers = new Set<string>();
  /** Files that a flag names and the pod would not see. */
  readonly unseen = new Set<string>();
  starts = 0;
  readonly #options: StandInOptions;
  readonly #pods = new Map<string, Running>();
  readonly #over = new AbortController();
  readonly #loop: Promise<void>;
  #uid = 0;

  constructor(options: StandInOptions) {
    this.#options = options;
    this.#loop = this.#watch();
  }

  /** Ends every pod and looks no more. */
  async end(): Promise<void> {
    this.#over.abort();
    await this.#loop;
    await Promise.all([...this.#pods.keys()].map((file) => this.#remove(file)));
  }

  async #watch(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#look();
      await delay(LOOK_MS, undefined, { signal: this.#over.signal }).catch(() => undefined);
    }
  }

  /** Hidden files are left out, as a kubelet leaves them out. */
  async #look(): Promise<void> {
    const { manifests } = this.#options;
    const names = readdirSync(manifests).filter((name) => !name.startsWith('.'));
    for (const file of this.#pods.keys()) if (!names.includes(file)) await this.#remove(file);
    for (const file of names) {
      const text = textOf(path.join(manifests, file));
      if (text === undefined || this.#pods.get(file)?.text === text) continue;
      await this.#remove(file);
      const manifest = manifestOf(text);
      if (manifest === undefined) this.strangers.add(file);
      else this.#pods.set(file, this.#run(text, manifest));
    }
  }

  async #remove(file: string): Promise<void> {
    const pod = this.#pods.get(file);
    this.#pods.delete(file);
    pod?.over.abort();
    await pod?.ended;
  }

  #run(text: string, manifest: Manifest): Running {
    const over = new AbortController();
    this.#uid += 1;
    return { text, over, ended: this.#keepUp(manifest, String(this.#uid), over.signal) };
  }

  /** A container that ends is started again, with a log file of its own. */
  async #keepUp({ metadata, spec }: Manifest, uid: string, signal: AbortSignal): Promise<void> {
    const [container] = spec?.containers ?? [];
    if (container === undefined || metadata === undefined || spec === undefined) return;
    const pod = `${metadata.namespace ?? 'default'}_${metadata.name}-node_${uid}`;
    const folder = path.join(this.#options.podLogs, pod, container.name);
    mkdirSync(folder, { recursive: true });
    for (let number = 0; !signal.aborted; number += 1) {
      const log = path.join(folder, `${String(number)}.log`);
      const [, ...words] = [...container.command, ...(container.args ?? [])];
      const hidden = hiddenFiles(words, container, spec);
      for (const file of hidden) this.unseen.add(file);
      if (hidden.length > 0) say(log, `open ${hidden.join(', ')}: no such file or directory`);
      else await this.#start(words, log, signal);
      await delay(RESTART_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #start(words: readonly string[], log: string, signal: AbortSignal): Promise<void> {
    this.starts += 1;
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    const child = spawn(this.#options.etcd, words, { argv0: 'etcd', stdio });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        say(log, line);
      });
    }
    const exited = once(child, 'exit');
    const asked = once(signal, 'abort');
    await Promise.race([exited, asked]);
    if (child.exitCode === null && child.signalCode === null) await ended(child, exited);
  }
}

async function ended(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const over = new AbortController();
  const late = delay(GRACE_MS, 'late', { signal: over.signal }).catch(() => undefined);
  if ((await Promise.race([exited, late])) === 'late') child.kill('SIGKILL');
  over.abort();
  await exited;
}

/** As containerd writes it; a long line in two parts. */
function say(log: string, line: string): void {
  const head = `${new Date().toISOString()} stderr`;
  const half = Math.ceil(line.length / 2);
  const parts = line.length < 200 ? [] : [`${head} P ${line.slice(0, half)}\n`];
  const last = `${head} F ${parts.length === 0 ? line : line.slice(half)}\n`;
  appendFileSync(log, [...parts, last].join(''));
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Taken away since it was listed.
    return undefined;
  }
}

function manifestOf(text: string): Manifest | undefined {
  try {
    const manifest = parse(text) as Manifest | null;
    return manifest?.kind === 'Pod' ? manifest : undefined;
  } catch {
    return undefined;
  }
}

type Container = NonNullable<Manifest['spec']>['containers'][number];

/** Of the files that flags name those that no mount of a folder of the same path covers. */
function hiddenFiles(
  words: readonly string[],
  { volumeMounts = [] }: Container,
  { volumes = [] }: NonNullable<Manifest['spec']>,
): readonly string[] {
  const shown = volumeMounts.flatMap(({ mountPath, name }) => {
    const volume = volumes.find((each) => each.name === name);
    return volume?.hostPath?.path === mountPath ? [mountPath] : [];
  });
  const files = words.flatMap((word) => /-file=(.+)$/.exec(word)?.[1] ?? []);
  return files.filter((file) => !shown.some((folder) => file.startsWith(`${folder}/`)));
}
