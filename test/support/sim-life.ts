/**
 * Turns a simulated cluster and a state folder in memory into everything that one life of peershift is
 * given, and ends that life wherever a test wants: after that no door of it ever answers again.
 */

import { present } from '../../src/base/assert.ts';
import { err, ok } from '../../src/base/result.ts';
import type { Commanded } from '../../src/engine-command.ts';
import type { Ended, Rim } from '../../src/engine-types.ts';
import type { DesiredSpec } from '../../src/model/desired.ts';
import { dialBetween, leafOf } from '../../src/model/dial.ts';
import type { PeershiftEvent } from '../../src/model/event.ts';
import { unknown } from '../../src/model/observed.ts';
import { type MemberName, memberName, runId } from '../../src/model/ids.ts';
import type { JournalEntry } from '../../src/model/journal.ts';
import { type PeerUrl, urlParts } from '../../src/model/url.ts';
import type { MemberWorld } from '../../src/model/world.ts';
import type { EtcdMember, MemberDoors, PeerTrouble, RunFiles, RunStore } from '../../src/ports.ts';
import { failureWith, fakePki } from './fake-doors.ts';
import { desiredFor } from './rollouts.ts';
import { clientDialer, sightOf } from './sim-clients.ts';
import type { SimCluster } from './sim-cluster.ts';
import { openSim } from './sim-etcd.ts';
import { clockOf } from './sim-time.ts';
import { addressOf } from './worlds.ts';

/** Short, so that a whole run is a few thousand simulated moments; a probe's tick takes 5 s as ever. */
const GATES = { startMs: 20_000, timeoutMs: 20_000, quietMs: 500, maxLag: 1000 } as const;

/** What stays when a process dies: the journals of all runs. */
export class SimState {
  readonly runs = new Map<string, string[]>();

  entriesOf(id = [...this.runs.keys()].at(-1) ?? ''): readonly JournalEntry[] {
    return (this.runs.get(id) ?? []).map((line) => JSON.parse(line) as JournalEntry);
  }
}

/** One thing that a life does to the world outside: a journal line, a change on a host or in etcd. */
export type Act = string;

export interface LifeOptions {
  readonly desired?: Partial<DesiredSpec>;
  /** Members whose being down a person has accepted. */
  readonly tolerateDown?: readonly string[];
  /** Called before each act with its number from 0; `die`: it is not done, and nothing after it. */
  readonly onAct?: (act: Act, index: number) => 'go on' | 'die' | 'fail';
  /** Called for every event, while the run waits for nothing. */
  readonly onEvent?: (event: PeershiftEvent, stop: (how: 'STOP' | 'PAUSE') => void) => void;
  /** Changes what the update call answers, after it was carried out. */
  readonly losesReply?: (act: Act) => boolean;
}

export interface Life {
  readonly acts: readonly Act[];
  readonly events: readonly PeershiftEvent[];
  /** Undefined when it was killed. */
  run(command: (with_: Commanded) => Promise<Ended>): Promise<Ended | undefined>;
}

const NEVER = new Promise<never>(() => undefined);

export function lifeOf(sim: SimCluster, state: SimState, options: LifeOptions = {}): Life {
  const acts: Act[] = [];
  const events: PeershiftEvent[] = [];
  let isDead = false;
  let died: () => void = () => undefined;
  const death = new Promise<undefined>((resolve) => {
    died = () => {
      resolve(undefined);
    };
  });
  let stop: (how: 'STOP' | 'PAUSE') => void = () => undefined;

  const alive = async <T>(value: T | Promise<T>): Promise<T> => {
    const answer = await value;
    return isDead ? NEVER : answer;
  };
  const acting = async <T, F>(
    act: Act,
    work: () => Promise<T>,
    failed: () => F,
  ): Promise<T | F> => {
    if (isDead) return NEVER;
    acts.push(act);
    const fate = options.onAct?.(act, acts.length - 1) ?? 'go on';
    if (fate === 'fail') return failed();
    if (fate === 'go on') return alive(work());
    isDead = true;
    sim.time.forget();
    died();
    return NEVER;
  };
  const rim = rimOf({ sim, state, options, acting, alive });
  return {
    acts,
    events,
    run: (command) => {
      const commanded: Commanded = {
        rim,
        options: {
          acceptDowntime: sim.members.length <= 2,
          tolerateDown: (options.tolerateDown ?? []).map(memberName),
          program: 'peershift 0.0.0',
          owner: 'op@here pid 1',
          newRunId: () => runId(`run-${String(state.runs.size + 1)}`),
          events: {
            emit: (event) => {
              events.push(event);
              options.onEvent?.(event, stop);
            },
          },
        },
        confirm: () => Promise.resolve({ pauses: {} }),
        onStop: (how) => {
          stop = how;
        },
      };
      return Promise.race([command(commanded), death]);
    },
  };
}

interface Parts {
  readonly sim: SimCluster;
  readonly state: SimState;
  readonly options: LifeOptions;
  readonly acting: <T, F>(act: Act, work: () => Promise<T>, failed: () => F) => Promise<T | F>;
  readonly alive: <T>(value: T | Promise<T>) => Promise<T>;
}

function rimOf(parts: Parts): Rim {
  const { sim, options, alive } = parts;
  const base = desiredFor(sim.world);
  const clock = clockOf(sim.time);
  const desired = { ...base, gates: { ...base.gates, ...GATES }, ...options.desired };
  return {
    desired,
    doors: new Map(sim.members.map(({ name }) => [name, doorsOf(parts, name)])),
    openEtcd: (endpoint) => etcdOf(parts, endpoint),
    openHere: () => {
      throw new Error('there are no programs to restore with');
    },
    openPlain: (endpoint) => etcdOf(parts, endpoint),
    restorer: {
      tools: () => Promise.resolve(unknown('there is no etcd on the PATH of this machine')),
      restore: () => Promise.reject(new Error('there are no programs to restore with')),
    },
    dataRestorer: {
      restorer: () => Promise.resolve(unknown('there is no etcdctl on the PATH of a host')),
      holdsV2Keys: () => Promise.resolve(unknown('there is no log')),
      revision: () => Promise.reject(new Error('there are no programs to restore with')),
      restore: () => Promise.reject(new Error('there are no programs to restore with')),
    },
    here: hostOf(parts, sim.here),
    pki: fakePki(clock),
    clock: { nowMs: () => clock.nowMs(), sleep: (ms, signal) => alive(clock.sleep(ms, signal)) },
    dialer: clientDialer(sim),
    store: storeOf(parts),
    close: () => Promise.resolve(),
  };
}

function hostOf(parts: Parts, host: MemberDoors['host']): MemberDoors['host'] {
  const { acting } = parts;
  const broken = (path: string) => () =>
    err(failureWith('HOST_FILE_FAILED', `${path}: no space left on device`));
  return new Proxy(host, {
    get(target, name) {
      if (name === 'writeFile') {
        return (...given: Parameters<typeof host.writeFile>) =>
          acting(
            `write ${host.label} ${given[0]}`,
            () => host.writeFile(...given),
            broken(given[0]),
          );
      }
      if (name === 'removeFile') {
        return (path: string) =>
          acting(`remove ${host.label} ${path}`, () => host.removeFile(path), broken(path));
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function doorsOf(parts: Parts, name: MemberName): MemberDoors {
  const { sim, acting, alive } = parts;
  const { host, service, config, log, deadMan } = sim.member(name);
  const unwritten = () => err(failureWith('CONFIG_UNREADABLE', 'no space left on device'));
  const unheard = () => err(failureWith('HOST_COMMAND_FAILED', 'systemctl: connection timed out'));
  return {
    host: hostOf(parts, host),
    service: {
      state: () => alive(service.state()),
      start: () => acting(`start ${name}`, () => service.start(), unheard),
      stop: () => acting(`stop ${name}`, () => service.stop(), unheard),
    },
    config: {
      read: () => alive(config.read()),
      edited: (file, changes) => config.edited(file, changes),
      write: (write) => acting(`configure ${name}`, () => config.write(write), unwritten),
      restore: (path, digest) =>
        acting(`restore ${name}`, () => config.restore(path, digest), unwritten),
    },
    log,
    deadMan: {
      look: () => alive(deadMan.look()),
      arm: (order) => acting(`arm ${name}`, () => deadMan.arm(order), unheard),
      disarm: () => acting(`disarm ${name}`, () => deadMan.disarm(), unheard),
      clear: () => acting(`clear ${name}`, () => deadMan.clear(), unheard),
    },
    dialer: dialerOf(sim, name),
    clients: sightOf(sim, name),
  };
}

/** A member whose metrics can be read is asked by its metrics alone. */
function dialerOf(sim: SimCluster, name: MemberName): NonNullable<MemberDoors['dialer']> {
  const never = (): Promise<never> => Promise.reject(new Error('a run makes no such dial'));
  const targetOf = (url: PeerUrl): MemberWorld => {
    if (!sim.hidesMetrics.has(name)) throw new Error(`the metrics of ${name} can be read`);
    const found = sim.world.members.find((each) => addressOf(each.name) === urlParts(url).host);
    return present(found, `the member at ${url}`);
  };
  const troubleAt = (url: PeerUrl): PeerTrouble | undefined => {
    const answer = dialBetween(sim.world, name, targetOf(url).name);
    return answer.can === 'yes' ? undefined : { kind: 'client-rejected', because: 'no answer' };
  };
  return {
    dial: ({ url }) => {
      const trouble = troubleAt(url);
      if (trouble !== undefined) return Promise.resolve(err(trouble));
      const target = targetOf(url);
      const leaf = target.process === undefined ? undefined : leafOf(target, target.process);
      const { fingerprint } = present(leaf, `the leaf at ${url}`);
      return Promise.resolve(ok({ ...TLS_ANSWER, fingerprint }));
    },
    get: ({ url }) => {
      const trouble = troubleAt(url);
      if (trouble !== undefined) return Promise.resolve(err(trouble));
      return Promise.resolve(ok({ statusCode: 200, body: '', clusterId: undefined }));
    },
    dialWithoutLeaf: never,
    dialPlain: never,
  };
}

const TLS_ANSWER = { protocol: 'TLSv1.3', cipher: 'A_CIPHER', version: '3.4.23' } as const;

function etcdOf(parts: Parts, endpoint: string): EtcdMember {
  const { sim, options, acting, alive } = parts;
  const etcd = openSim(sim, endpoint);
  const nameOf = (id: string): string =>
    sim.world.members.find((member) => member.id === id)?.name ?? id;
  const uncertain = () => err(failureWith('UPDATE_UNCERTAIN', 'no answer within 5 s'));
  return {
    ...etcd,
    members: () => alive(etcd.members()),
    status: () => alive(etcd.status()),
    health: () => alive(etcd.health()),
    metrics: () => alive(etcd.metrics()),
    holdsLock: (key, revision) => alive(etcd.holdsLock(key, revision)),
    updatePeerUrls: (id, urls) => {
      const name = nameOf(id);
      const isNew = (sim.world.record[name] ?? []).join() !== urls.join();
      if (!isNew) return alive(etcd.updatePeerUrls(id, urls));
      const act = `update ${name} ${urls.join()}`;
      const send = async (): ReturnType<typeof etcd.updatePeerUrls> => {
        const answer = await etcd.updatePeerUrls(id, urls);
        return options.losesReply?.(act) === true ? uncertain() : answer;
      };
      return acting(act, send, uncertain);
    },
    moveLeader: (target, ms) =>
      acting(`move-leader ${nameOf(target)}`, () => etcd.moveLeader(target, ms), uncertain),
  };
}

function storeOf({ state, acting }: Parts): RunStore {
  const files = (id: string): RunFiles => {
    const lines = state.runs.get(id) ?? [];
    const full = () => err(failureWith('STATE_UNWRITABLE', 'no space left on device'));
    return {
      id: runId(id),
      path: `state/${id}`,
      backupPath: `state/${id}/backup.db`,
      journal: {
        append: (entry) =>
          acting(
            `journal ${entry.type}`,
            () => {
              lines.push(JSON.stringify(entry));
              return Promise.resolve(ok(undefined));
            },
            full,
          ),
      },
      readEntries: () => Promise.resolve(ok(lines.map((line) => JSON.parse(line) as unknown))),
      askPause: () => Promise.resolve(ok(undefined)),
      onPauseAsked: () => ({ stop: () => Promise.resolve() }),
      openLog: () => ({ emit: () => undefined, close: () => Promise.resolve() }),
      saveReport: () => Promise.resolve(ok(`state/${id}/report.html`)),
    };
  };
  return {
    path: 'state',
    isLocked: () => Promise.resolve(false),
    lock: () => Promise.resolve(ok({ release: () => Promise.resolve() })),
    create: (id) => {
      state.runs.set(id, []);
      return Promise.resolve(ok(files(id)));
    },
    list: () => Promise.resolve(ok([...state.runs.keys()].reverse().map(files))),
  };
}
