/**
 * One run at a time on each host: a small file beside the member's configuration with run and fencing number.
 * A run that slept through the loss of its cluster lock finds a higher number there, or nothing, and stops.
 */

import type { Failure } from '../model/failure.ts';
import { type Result, err, ok } from '../base/result.ts';
import { settingsFolder } from '../model/desired.ts';
import type { MemberName } from '../model/ids.ts';
import type { Host } from '../ports.ts';
import type { RunDoors } from './run-doors.ts';

const HOST_LOCK = 'peershift.lock';
const MODE = 0o644;

export interface HostLocks {
  /** On every host that answers; refuses where a higher number is. One that does not answer is asked again before its first effect. */
  takeAll(): Promise<Result<undefined, Failure>>;
  /** Right before an effect there: is it still ours? */
  check(member: MemberName, where: string): Promise<Failure | undefined>;
  /** Removes what is ours. */
  release(): Promise<void>;
}

interface Held {
  readonly run: string;
  readonly fence: bigint;
}

interface Place {
  readonly host: Host;
  readonly path: string;
}

/** `fence` is the create revision of the cluster lock; undefined without one: higher than all that is there. */
export function makeHostLocks(doors: RunDoors, fence: string | undefined): HostLocks {
  const run = doors.journal.state().run ?? '';
  const places = placesOf(doors);
  const taken = new Set<string>();
  let ours: Held | undefined = fence === undefined ? undefined : { run, fence: BigInt(fence) };

  const takeOne = async (place: Place, mine: Held, where: string): Promise<Failure | undefined> => {
    const found = await read(place);
    if (!found.ok) return unreadable(place, where, found.error.but);
    const isHigher = found.value !== undefined && found.value.fence > mine.fence;
    const isOther = found.value?.fence === mine.fence && found.value.run !== mine.run;
    if (found.value !== undefined && (isHigher || isOther)) return lost(place, where, found.value);
    const text = `${JSON.stringify({ run: mine.run, fence: String(mine.fence) })}\n`;
    const bytes = new TextEncoder().encode(text);
    const written = await place.host.writeFile(place.path, bytes, { mode: MODE });
    if (!written.ok) return unreadable(place, where, written.error.but);
    const back = await read(place);
    if (!back.ok) return unreadable(place, where, back.error.but);
    if (!isSame(back.value, mine)) return lost(place, where, back.value);
    taken.add(keyOf(place));
    return undefined;
  };

  const mineNow = async (): Promise<Held> => {
    if (ours !== undefined) return ours;
    const found = await Promise.all([...places.values()].map(read));
    const fences = found.flatMap((each) =>
      each.ok && each.value !== undefined ? [each.value.fence] : [],
    );
    ours = { run, fence: fences.reduce((most, each) => (each > most ? each : most), 0n) + 1n };
    return ours;
  };

  return {
    async takeAll() {
      const mine = await mineNow();
      const distinct = new Map([...places.values()].map((place) => [keyOf(place), place]));
      for (const place of distinct.values()) {
        const failure = await takeOne(place, mine, 'before the first step');
        if (failure?.code === 'LOCK_LOST') return err({ ...failure, code: 'ALREADY_RUNNING' });
      }
      return ok(undefined);
    },
    async check(member, where) {
      const place = places.get(member);
      if (place === undefined) return undefined;
      const mine = await mineNow();
      if (!taken.has(keyOf(place))) return takeOne(place, mine, where);
      const found = await read(place);
      if (!found.ok) return unreadable(place, where, found.error.but);
      return isSame(found.value, mine) ? undefined : lost(place, where, found.value);
    },
    async release() {
      const distinct = new Map([...places.values()].map((place) => [keyOf(place), place]));
      for (const [key, place] of distinct) {
        if (!taken.has(key)) continue;
        const found = await read(place);
        if (found.ok && isSame(found.value, ours)) await place.host.removeFile(place.path);
      }
      taken.clear();
    },
  };
}

/** Members with their configurations in one folder of one host share its lock. */
function placesOf({ desired, members }: RunDoors): ReadonlyMap<MemberName, Place> {
  const found = desired.members.flatMap((member): [MemberName, Place][] => {
    const host = members.get(member.name)?.host;
    if (host === undefined) return [];
    return [[member.name, { host, path: `${settingsFolder(member)}/${HOST_LOCK}` }]];
  });
  return new Map(found);
}

function keyOf({ host, path }: Place): string {
  return `${host.label} ${path}`;
}

function isSame(a: Held | undefined, b: Held | undefined): boolean {
  return a !== undefined && a.run === b?.run && a.fence === b.fence;
}

/** Undefined when nobody holds it; a file that no run has written counts as the lowest. */
async function read({ host, path }: Place): Promise<Result<Held | undefined, Failure>> {
  const file = await host.readFile(path);
  if (!file.ok) return file;
  if (file.value === undefined) return ok(undefined);
  const text = new TextDecoder().decode(file.value.bytes);
  const [, run = ''] = /"run":"([^"]*)"/u.exec(text) ?? [];
  const [, fence = '0'] = /"fence":"(\d+)"/u.exec(text) ?? [];
  return ok({ run, fence: BigInt(fence) });
}

function lost(place: Place, where: string, found: Held | undefined): Failure {
  const holder =
    found === undefined
      ? 'it is gone, as after another run'
      : `run ${found.run} holds it (${String(found.fence)})`;
  return {
    code: 'LOCK_LOST',
    where,
    would: `change something on ${place.host.label}`,
    but: `${place.path} is not ours: ${holder}`,
    so: 'another run may be active there; nothing more is changed',
    remedy: `peershift status shows the cluster; when no run is active anywhere, remove ${place.path}`,
  };
}

function unreadable({ host, path }: Place, where: string, but: string): Failure {
  return {
    code: 'HOST_FILE_FAILED',
    where,
    would: `hold ${path} on ${host.label} while something is changed there`,
    but,
    so: 'whether another run is active there is not known; the step was not begun',
    remedy: `make the folder of ${path} writable, then peershift resume`,
  };
}
