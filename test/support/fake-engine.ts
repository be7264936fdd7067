/** Turns the words of docker into what an engine does with containers, in memory; it can be cut off after any call. */

import { err, ok } from '../../src/base/result.ts';
import type { Engine } from '../../src/adapters/docker/engine.ts';
import type { Host } from '../../src/ports.ts';
import { type Entry, recorded } from './engine-record.ts';

export interface FakeEngine {
  readonly engine: Engine;
  /** Calls that change something, as `rename a b`. */
  readonly changes: string[];
  /** The machine is lost before the nth change from now on; undefined: never. */
  cutBefore(change: number | undefined): void;
  /** `etcd running always`, by name. */
  states(): Readonly<Record<string, string>>;
  entry(name: string): Entry;
}

/** One container `etcd`, running, as Docker 20.10 told of it. */
export function fakeEngine(
  breaks: (entry: Entry) => boolean = () => false,
  spoil: (made: Entry) => void = () => undefined,
): FakeEngine {
  const entries = new Map<string, Entry>();
  const changes: string[] = [];
  let cutAt: number | undefined;
  let made = 0;
  const first = recorded('docker-20.10-flags');
  first.Name = '/etcd';
  put(first, 'running');
  entries.set('etcd', first);
  const find = (name: string): Entry | undefined =>
    entries.get(name) ?? [...entries.values()].find(({ Id }) => Id === name);

  const change = (words: readonly string[], stdin: string): string | Error => {
    const [verb = '', ...rest] = words;
    const of = find(rest.at(-1) ?? '');
    const say = [verb, ...rest.filter((word) => !word.startsWith('-'))];
    changes.push(verb === 'create' ? `create ${rest[1] ?? ''}` : say.slice(0, 3).join(' '));
    if (verb === 'create') {
      made += 1;
      const next = created(first, rest, stdin, made);
      spoil(next);
      entries.set(rest[1] ?? '', next);
      return next.Id;
    }
    if (verb === 'rename') {
      const entry = find(rest[0] ?? '');
      if (entry === undefined) return new Error(`Error: No such container: ${rest[0] ?? ''}`);
      entries.delete(entry.Name.slice(1));
      entry.Name = `/${rest[1] ?? ''}`;
      entries.set(rest[1] ?? '', entry);
      return '';
    }
    if (of === undefined) return new Error(`Error: No such container: ${rest.at(-1) ?? ''}`);
    if (verb === 'start') put(of, breaks(of) ? 'exited' : 'running');
    if (verb === 'stop') put(of, 'exited');
    if (verb === 'rm') entries.delete(of.Name.slice(1));
    if (verb === 'update')
      of.HostConfig['RestartPolicy'] = { Name: rest[0]?.split('=')[1], MaximumRetryCount: 0 };
    return '';
  };

  const answer = (words: readonly string[], stdin: string): string | Error => {
    const [noun, verb, name = ''] = words;
    if (noun === 'container' && verb === 'ls') {
      return [...entries].map(([key, { Id }]) => `${Id} ${key}`).join('\n');
    }
    if (noun === 'container' && verb === 'inspect') {
      const entry = find(name);
      return entry === undefined
        ? new Error(`No such container: ${name}`)
        : JSON.stringify([entry]);
    }
    if (noun === 'image') return JSON.stringify([{ Id: first.Image, Config: {} }]);
    return noun === 'logs' ? '' : change(words, stdin);
  };
  const isChange = (words: readonly string[]): boolean =>
    !['container', 'image', 'logs'].includes(words[0] ?? '');
  const host: Pick<Host, 'label' | 'exec' | 'process'> = {
    label: 'host1',
    process: (pid) => Promise.resolve(ok(processOf(pid))),
    exec: (argv, { stdin = '' }) => {
      const words = argv.slice(argv.indexOf('docker') + 1);
      if (isChange(words) && cutAt !== undefined && cutAt-- <= 0) {
        cutAt = 0;
        return Promise.resolve(err(LOST));
      }
      const said = answer(words, typeof stdin === 'string' ? stdin : '');
      const [stdout, stderr] = said instanceof Error ? ['', said.message] : [said, ''];
      const exitCode = said instanceof Error ? 1 : 0;
      return Promise.resolve(ok({ exitCode, signal: undefined, stdout, stderr }));
    },
  };
  return {
    engine: { host: host as Host, binary: 'docker' },
    changes,
    cutBefore: (count) => {
      cutAt = count;
    },
    states: () =>
      Object.fromEntries(
        [...entries].map(([name, { State, HostConfig }]) => {
          const { Status } = State as { readonly Status: string };
          const { Name } = HostConfig['RestartPolicy'] as { readonly Name: string };
          return [name, `${Status} ${Name}`];
        }),
      ),
    entry: (name) => {
      const entry = find(name);
      if (entry === undefined) throw new Error(`there is no container ${name}`);
      return entry;
    },
  };
}

const LOST = {
  code: 'HOST_LOST',
  where: 'host1',
  would: 'run docker',
  but: 'the connection was cut',
  so: 'what it did is not known',
  remedy: 'connect again',
} as const;

function put(entry: Entry, status: string): void {
  const isRunning = status === 'running';
  entry['State'] = { Status: status, Running: isRunning, Pid: isRunning ? 7 : 0, ExitCode: 0 };
}

/** As the first one, with the words, the variables and the mounts that were asked for. */
function created(first: Entry, words: readonly string[], stdin: string, at: number): Entry {
  const entry = JSON.parse(JSON.stringify(first)) as Entry;
  const image = words.indexOf(first.Config.Image);
  const binds = words.slice(0, image).filter((_word, index) => words[index - 1] === '--volume');
  entry.Id = String(at).repeat(64).slice(0, 64);
  entry.Name = `/${words[1] ?? ''}`;
  entry['Created'] = `2026-12-01T00:00:0${String(at)}Z`;
  entry.Config['Cmd'] = words.slice(image + 1);
  entry.Config['Env'] = stdin.split('\n').filter((line) => line !== '');
  entry.HostConfig['RestartPolicy'] = { Name: 'always', MaximumRetryCount: 0 };
  entry.HostConfig['Binds'] = binds;
  entry['Mounts'] = binds.map((bind) => {
    const [Source, Destination, mode] = bind.split(':');
    return { Type: 'bind', Source, Destination, RW: mode !== 'ro', Propagation: 'rprivate' };
  });
  put(entry, 'created');
  return entry;
}

function processOf(
  pid: number,
): NonNullable<
  Awaited<ReturnType<Host['process']>> extends infer R
    ? R extends { readonly ok: true; readonly value: infer V }
      ? V
      : never
    : never
> {
  return { pid, argv: ['/usr/local/bin/etcd'], environment: {}, startedAtMs: 0, uid: 0, gid: 0 };
}
