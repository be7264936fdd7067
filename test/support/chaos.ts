/** Turns a seed into a real run under one to three faults, and says what of its end is not as it must be. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { vi } from 'vitest';

import { labStatus } from '../../src/lab/lab-status.ts';
import { startMember } from '../../src/lab/member-process.ts';
import type { Strategy } from '../../src/model/desired.ts';
import { FAULTS, type Fault, type FaultName, type Scene, faultsHere } from './chaos-faults.ts';
import { type CommandEnd, type RunningCommand, textOfEnd } from './command.ts';
import { value } from './etcd-calls.ts';
import { ROLLING } from './fault-matrix.ts';
import { type Rig, expectExit, withRig } from './lab-rig.ts';
import { httpsPortOf } from './live-matrix.ts';
import { randomOf } from './random.ts';

export interface Draw {
  readonly seed: number;
  readonly strategy: Strategy;
  readonly version: '3.4' | '3.5';
  readonly faults: readonly Drawn[];
}

interface Drawn {
  readonly name: FaultName;
  readonly member: string;
  /** It begins with the n-th step that is intended or done, from 1. */
  readonly event: number;
  readonly lastsMs: number;
}

export interface Told {
  readonly draw: Draw;
  /** How the run itself ended: an exit code, or that it was killed. */
  readonly first: string;
  readonly last: 'https' | 'http';
  /** Commands that it took behind the first one. */
  readonly resumes: number;
  /** Faults whose moment came only after the run had ended are not among them. */
  readonly injected: readonly FaultName[];
}

/** Of the 40 to 60 beginnings and ends of steps of a whole run. */
const EVENTS = 44;
const LEAST_MS = 1000;
const MOST_MS = 10_000;
/** After everything is healed: an election, a start, a disk that has caught up. */
const HEALED_MS = 90_000;
/** The first goes on; it may pause once more for what the faults have left. */
const RESUMES = 4;
/** Every fourth run. */
const NEWER_EVERY = 4;

/** The same draw for one seed and one machine's possibilities. */
export function drawOf(seed: number, possible: readonly FaultName[] = faultsHere()): Draw {
  const random = randomOf(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const strategy = ROLLING[below(ROLLING.length)] ?? 'documented';
  const rest = [...possible];
  const faults = Array.from({ length: 1 + below(3) }, (): Drawn => {
    const [name = 'tool-killed'] = rest.splice(below(rest.length), 1);
    const member = `m${String(1 + below(3))}`;
    const lastsMs = LEAST_MS + below(MOST_MS - LEAST_MS);
    return { name, member, event: 1 + below(EVENTS), lastsMs };
  });
  return { seed, strategy, version: seed % NEWER_EVERY === 0 ? '3.5' : '3.4', faults };
}

/** One line of a told story, for a record. */
export function lineOfTold({ draw, first, last, resumes, injected }: Told): string {
  const faults = injected.length === 0 ? 'none in time' : [...injected].sort().join('+');
  const ends = `first ${first}, last ${last}, ${String(resumes)} resumes`;
  return `chaos: etcd ${draw.version}, ${draw.strategy}, ${ends}, injected ${faults}, ${textOfDraw(draw)}`;
}

export function textOfDraw({ seed, strategy, version, faults }: Draw): string {
  const each = faults.map(({ name, member, event, lastsMs }) => {
    return `${name} ${member} at event ${String(event)} for ${String(lastsMs)} ms`;
  });
  return `seed ${String(seed)}: ${strategy} on ${version}, ${each.join(', ')}`;
}

/** The whole story of one draw; throws with what is wrong, and says where the cluster's folder is. */
export async function chaosRun(draw: Draw, etcd?: string): Promise<Told> {
  const plan = (text: string): string => {
    const strategy = `strategy: ${draw.strategy}`;
    const short = text.replace('quiet: 1s', 'quiet: 1s, timeout: 20s, start: 20s');
    return short.replace('strategy: documented', strategy);
  };
  let told: Told | undefined;
  await withRig({ plan, etcd }, async (rig) => {
    told = await storyOf(rig, draw);
  });
  if (told === undefined) throw new Error('the story was not told');
  return told;
}

async function storyOf(rig: Rig, draw: Draw): Promise<Told> {
  await untilHealthy(rig, 'before');
  const acts = await prepared(rig, draw);
  const words = ['run', rig.lab.planFile, '--json', '--yes'];
  const running = rig.startWords(words, environmentOf(acts));
  const injected: FaultName[] = [];
  const done = acts.map(async (act) => {
    if (await carriedOut(act, running)) injected.push(act.drawn.name);
  });
  const end = await running.ended;
  await Promise.all(done);
  await untilHealed(rig, draw);
  await judgeEnd(rig, end, httpsPortOf(draw.strategy));
  const { last, resumes } = await goneOn(rig, end);
  await untilHealthy(rig, 'in the end');
  await rig.expectServing(last, last === 'https' ? httpsPortOf(draw.strategy) : undefined);
  await rig.expectNothingLost();
  const first = end.exit === undefined ? 'killed' : `exit ${String(end.exit)}`;
  return { draw, first, last, resumes, injected };
}

interface Act {
  readonly drawn: Drawn;
  readonly fault: Fault;
  readonly scene: (command: RunningCommand) => Scene;
  readonly environment: Readonly<Record<string, string>>;
}

async function prepared(rig: Rig, draw: Draw): Promise<readonly Act[]> {
  const acts: Act[] = [];
  for (const drawn of draw.faults) {
    const fault: Fault = FAULTS[drawn.name];
    const folder = path.join(rig.base, drawn.name);
    await mkdir(folder, { recursive: true });
    const scene = (command?: RunningCommand): Scene => ({
      rig,
      member: drawn.member,
      folder,
      command: () => {
        if (command === undefined) throw new Error('the command has not been started');
        return command;
      },
    });
    const environment = (await fault.prepare?.(scene())) ?? {};
    acts.push({ drawn, fault, scene, environment });
  }
  await untilHealthy(rig, 'when all faults are prepared');
  return acts;
}

function environmentOf(acts: readonly Act[]): Readonly<Record<string, string>> {
  return Object.assign({}, ...acts.map(({ environment }) => environment)) as Record<string, string>;
}

/** False when the run had ended before its moment came. What was injected is healed whatever happens. */
async function carriedOut(act: Act, running: RunningCommand): Promise<boolean> {
  let events = 0;
  const moment = running.event(({ type }) => {
    if (type === 'intended' || type === 'done') events += 1;
    return events >= act.drawn.event;
  });
  const isTime = await moment.then(
    () => true,
    () => false,
  );
  if (!isTime) return false;
  const scene = act.scene(running);
  try {
    await act.fault.inject(scene);
    await delay(act.drawn.lastsMs);
  } finally {
    await act.fault.heal(scene);
  }
  return true;
}

/** Whoever killed a member, or froze it while it was being started, has left it down: it is started here. */
async function untilHealed(rig: Rig, { faults }: Draw): Promise<void> {
  // What the run had stopped itself is for the next command.
  const killed = faults.flatMap(({ name, member }) => (name === 'member-killed' ? [member] : []));
  await rig.untilNoScript();
  for (const name of killed) value(await startMember(rig.member(name)));
}

async function untilHealthy(rig: Rig, when: string): Promise<void> {
  let seen = '';
  const isHealthy = async (): Promise<boolean> => {
    const { members } = value(await labStatus({ dir: rig.lab.dir }));
    seen = members.map(({ name, health }) => `${name} ${health}`).join(', ');
    return members.every(({ health }) => health === 'healthy');
  };
  await vi.waitUntil(isHealthy, { timeout: HEALED_MS, interval: 500 }).catch(() => {
    throw new Error(`not all members are healthy ${when}: ${seen}`);
  });
}

/** By what the cluster shows, not by what the run says of itself. */
async function judgeEnd(rig: Rig, end: CommandEnd, httpsPort: number): Promise<void> {
  const allowed = [0, 3, 4, 5, 6, undefined];
  if (!allowed.includes(end.exit)) throw new Error(`no end that it may have: ${textOfEnd(end)}`);
  if (end.exit === undefined && end.signal !== 'SIGKILL') throw new Error(textOfEnd(end));
  if (end.exit === 0 || end.exit === 5) await untilHealthy(rig, 'behind an end that says so');
  if (end.exit === 0) await rig.expectServing('https', httpsPort);
  if (end.exit === 5) await rig.expectServing('http');
  if (end.exit === 3) await rig.expectServing('http');
  if (end.exit === 4 || end.exit === 6) await expectTruth(rig);
}

/** `status` says of each member what the lab sees of it. */
async function expectTruth(rig: Rig): Promise<void> {
  const status = await rig.run('status');
  expectExit(status, 0);
  const { members } = value(await labStatus({ dir: rig.lab.dir }));
  const flat = status.stdout.replaceAll(/\s+/gu, ' ');
  for (const { name, peerUrls, pid } of members) {
    for (const url of peerUrls ?? []) {
      if (!flat.includes(url))
        throw new Error(`status has no ${url} of ${name}:\n${status.stdout}`);
    }
    if (pid === undefined && !/\b(?:down|stopped|not running)\b/u.test(flat)) {
      throw new Error(`status does not say that ${name} is down:\n${status.stdout}`);
    }
  }
}

/** Resumed until the whole cluster speaks one scheme. */
async function goneOn(
  rig: Rig,
  first: CommandEnd,
): Promise<{ readonly last: 'https' | 'http'; readonly resumes: number }> {
  let end = first;
  for (let resumes = 0; ; resumes += 1) {
    if (end.exit === 0) return { last: await schemeOf(rig), resumes };
    if (end.exit === 5) return { last: 'http', resumes };
    if (resumes === RESUMES) throw new Error(`it does not come to an end: ${textOfEnd(end)}`);
    end = await rig.run('resume', '--yes');
  }
}

async function schemeOf(rig: Rig): Promise<'https' | 'http'> {
  const { peerUrls } = await rig.facts();
  const all = Object.values(peerUrls).flatMap((urls) => urls ?? []);
  return all.every((url) => url.startsWith('http://')) ? 'http' : 'https';
}
