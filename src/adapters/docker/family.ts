/** Turns the containers of one name into where a replacement stands: told by their names alone. */

import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer } from '../../ports.ts';
import type { Container } from './container.ts';
import { type Engine, ask, containersNamed } from './engine.ts';
import { canChangePolicy } from './podman-boot.ts';

/**
 * `next`: made by an edit, takes the place at the next start. `back`: the kept original, which does so.
 * `old`: was in the place meanwhile, goes away when its follower runs.
 */
export type Role = 'kept' | 'next' | 'back' | 'old';

export interface Relative {
  readonly run: string;
  readonly role: Role;
  readonly container: Container;
}

export interface Family {
  readonly name: string;
  /** Undefined while one takes another's place. */
  readonly current: Container | undefined;
  readonly relatives: readonly Relative[];
}

export function nameOf(name: string, run: string, role: Role): string {
  return `${name}.peershift-${run}${role === 'kept' ? '' : `.${role}`}`;
}

export async function lookAt(engine: Engine, name: string): Answer<Family> {
  const found = await containersNamed(engine, name);
  if (!found.ok) return found;
  const current = found.value.find((each) => each.name === name);
  const relatives = found.value.flatMap((container): readonly Relative[] => {
    if (!container.name.startsWith(`${name}.peershift-`)) return [];
    const [, run = '', role = 'kept'] =
      /^(.+?)(?:\.(next|back|old))?$/.exec(container.name.slice(`${name}.peershift-`.length)) ?? [];
    return [{ run, role: role as Role, container }];
  });
  if (current === undefined && waiting({ relatives }) === undefined) {
    return err(noContainer(engine, name, relatives));
  }
  return ok({ name, current, relatives });
}

/** The one that the next start puts in the place; undefined: the one that is there. */
export function waiting({ relatives }: Pick<Family, 'relatives'>): Relative | undefined {
  return relatives.findLast(({ role }) => role === 'next' || role === 'back');
}

/** What the next start will run. */
export function nextOf(family: Family): Container | undefined {
  return waiting(family)?.container ?? family.current;
}

/** Empty output is all that these print beside the name or ID. */
export async function rename(engine: Engine, from: string, to: string): Answer<undefined> {
  return plain(await ask(engine, ['rename', from, to]));
}

/** Its volumes stay: the next one has them. */
export async function remove(engine: Engine, name: string): Answer<undefined> {
  return plain(await ask(engine, ['rm', '--force', name]));
}

/** A podman that cannot do this has a unit of its own at boot, which `restartTrouble` looks for. */
export async function setRestart(
  engine: Engine,
  container: Container,
  policy: string,
): Answer<undefined> {
  if (container.restartPolicy === policy) return ok(undefined);
  if (engine.binary === 'podman' && !(await canChangePolicy(engine.host))) return ok(undefined);
  return plain(await ask(engine, ['update', `--restart=${policy}`, container.id]));
}

function plain(answer: Result<string, Failure>): Result<undefined, Failure> {
  return answer.ok ? ok(undefined) : answer;
}

function noContainer(
  { host, binary }: Engine,
  name: string,
  relatives: readonly Relative[],
): Failure {
  const kept = relatives.find(({ role }) => role === 'kept')?.container.name;
  return {
    code: 'SERVICE_UNKNOWN',
    where: `container ${name} on ${host.label}`,
    would: `look at the container ${name}`,
    but: `${binary} knows no container ${name}`,
    so: 'whether its member runs, and with which settings, is not known; nothing was changed',
    remedy:
      kept === undefined
        ? `name the container in service.container (${binary} ps -a shows them all)`
        : `${kept} is there: ${binary} rename ${kept} ${name} puts it back`,
  };
}
