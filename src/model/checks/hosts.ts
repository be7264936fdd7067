/** Turns what was seen of each host into what stands against changing anything on it. */

import { durationText } from '../../base/duration.ts';
import { type CheckItem, type Objection, itemsOf, objection } from '../check.ts';
import type { DesiredSpec } from '../desired.ts';
import type { HostProbe, HostSeen, PlaceSeen } from '../host-probe.ts';
import { type ObservedState, valueOf } from '../observed.ts';
import { proxyObjections } from './proxy.ts';

export interface HostsJudged {
  readonly desired: DesiredSpec;
  readonly probes: readonly HostProbe[];
  /** The state folder on this machine. */
  readonly here: PlaceSeen | undefined;
  /** Undefined: nobody answers. */
  readonly state: ObservedState | undefined;
}

const MIB = 1_048_576;
/** Certificates and one config file with its copy are some 50 KiB. */
const LEAST_BYTES = MIB;
/** etcd raises an alarm or panics when its disk is full; a restart writes a WAL segment of 64 MB. */
const LEAST_DATA_BYTES = 128 * MIB;
const FEW_DATA_BYTES = 1024 * MIB;
/** Leaves are issued with their start this far in the past, in milliseconds (adapters/pki). */
const ISSUED_BEFORE_MS = 300_000;
/** Hosts that keep time are within milliseconds; a second is what `date` can tell. */
const SKEW_WORTH_TELLING_MS = 2000;

export function hostItems(input: HostsJudged): readonly CheckItem[] {
  const { probes } = input;
  const seen = probes.flatMap((probe) => (probe.seen.known ? [probe] : []));
  const each = (
    from: readonly HostProbe[],
    judge: (probe: HostProbe) => readonly Objection[],
  ): ReadonlyMap<string, readonly Objection[]> =>
    new Map(from.map((probe) => [probe.member, judge(probe)]));
  return [
    ...itemsOf('reach', each(probes, reachObjections), 'commands and files reach the host'),
    ...itemsOf(
      'user',
      each(seen, (probe) => userObjections(input, probe)),
      'peershift may write where it has to',
    ),
    ...clockItems(input),
    ...spaceItems(input, seen),
    ...itemsOf(
      'proxy',
      proxyObjections(input.desired, input.state, probes),
      'no proxy stands between the members',
    ),
    ...itemsOf(
      'config-managed',
      each(probes, (probe) => managedObjections(input, probe)),
      'no configuration management was found that owns the settings',
    ),
  ];
}

function reachObjections({ seen }: HostProbe): readonly Objection[] {
  if (seen.known) return [];
  const remedy = 'see host.address, user and key in the plan file, and whether sshd answers there';
  return [objection('fail', seen.reason, remedy)];
}

function userObjections(input: HostsJudged, { member, seen }: HostProbe): readonly Objection[] {
  const value = valueOf(seen);
  if (value === undefined) return [];
  const closed = value.places.filter((place) => place.purpose !== 'data' && !place.isWritable);
  if (closed.length > 0) {
    const paths = closed.map(({ path }) => path).join(' and ');
    return [
      objection(
        'fail',
        `user ${String(value.uid)} may not write ${paths}`,
        'use a user who may, or set host.sudo',
      ),
    ];
  }
  const service = serviceUserOf(input.state, member);
  if (value.uid === 0 || service === undefined || service === value.uid) return [];
  return [
    objection(
      'warn',
      `peershift is user ${String(value.uid)} there and etcd is user ${String(service)}: files cannot be given to it`,
      'use root, host.sudo, or the user that etcd runs as',
    ),
  ];
}

function serviceUserOf(state: ObservedState | undefined, name: string): number | undefined {
  const member = state?.members.find((each) => each.name === name);
  const process = member === undefined ? undefined : valueOf(member.process);
  return process === undefined || process === 'stopped' ? undefined : process.uid;
}

/** Clocks of hosts that are further apart than their bounds; what leaves make of that is judged with them. */
function clockItems({ probes }: HostsJudged): readonly CheckItem[] {
  const known = probes.flatMap(({ clock }) => (clock.known ? [clock.value] : []));
  const widest = Math.max(0, ...known.map(({ boundMs }) => boundMs));
  const objections = probes.map(({ member, seen, clock }): [string, readonly Objection[]] => {
    if (!seen.known) return [member, []];
    if (!clock.known) {
      const because = `its clock could not be read: ${clock.reason}`;
      return [member, [objection('warn', because, `run date on ${member}'s host by hand`)]];
    }
    const { offsetMs, boundMs } = clock.value;
    const least = Math.abs(offsetMs) - boundMs;
    if (least < SKEW_WORTH_TELLING_MS) return [member, []];
    const way = offsetMs > 0 ? 'ahead of' : 'behind';
    const isTooLate = offsetMs < 0 && least > ISSUED_BEFORE_MS;
    const because = `its clock is ${durationText(Math.abs(offsetMs))} ${way} this machine's (known to ${durationText(boundMs)})`;
    const remedy = 'set the clock (chrony, ntpd) before certificates depend on it';
    return [member, [objection(isTooLate ? 'fail' : 'warn', because, remedy)]];
  });
  const reached = new Map(objections.filter((_, at) => probes[at]?.seen.known === true));
  return itemsOf(
    'clock',
    reached,
    `within ${durationText(SKEW_WORTH_TELLING_MS)} of this machine's clock (told to ${durationText(widest)})`,
  );
}

function spaceItems(input: HostsJudged, probes: readonly HostProbe[]): readonly CheckItem[] {
  const objections = new Map<string, readonly Objection[]>(
    probes.map((probe) => [probe.member, placesObjections(valueOf(probe.seen))]),
  );
  objections.set('this machine', hereObjections(input));
  return itemsOf('space', objections, 'room for certificates, config copies, data and the backup');
}

function placesObjections(seen: HostSeen | undefined): readonly Objection[] {
  return (seen?.places ?? []).flatMap(({ purpose, path, freeBytes }) => {
    if (freeBytes === undefined) {
      return [objection('warn', `the room at ${path} could not be told`, `run df ${path} there`)];
    }
    const least = purpose === 'data' ? LEAST_DATA_BYTES : LEAST_BYTES;
    const few = purpose === 'data' ? FEW_DATA_BYTES : LEAST_BYTES;
    if (freeBytes >= few) return [];
    const because = `${mibText(freeBytes)} are free at ${path} (${purpose})`;
    const result = freeBytes < least ? 'fail' : 'warn';
    return [objection(result, because, 'make room there before anything is restarted')];
  });
}

function hereObjections({ here, state, desired }: HostsJudged): readonly Objection[] {
  if (here === undefined) return [];
  const { path, isWritable, freeBytes } = here;
  if (!isWritable) {
    return [objection('fail', `${path} cannot be written`, 'choose another folder with --state')];
  }
  if (freeBytes === undefined || !desired.takesBackup) return [];
  const sizes = (state?.members ?? []).map(({ status }) => valueOf(status)?.dbSizeBytes ?? 0);
  const needed = Math.max(0, ...sizes) + LEAST_BYTES;
  if (freeBytes >= needed) return [];
  const because = `${mibText(freeBytes)} are free at ${path}, and the backup takes ${mibText(needed)}`;
  return [objection('fail', because, 'make room, or choose another folder with --state')];
}

function managedObjections(
  { desired }: HostsJudged,
  { member, managedLine, seen }: HostProbe,
): readonly Objection[] {
  const path = desired.members.find(({ name }) => name === member)?.config.path ?? 'its settings';
  const agents = seen.known ? seen.value.managers : [];
  if (managedLine !== undefined) {
    const running = agents.length === 0 ? '' : `, and ${agents.join(', ')} was found there`;
    return [
      objection(
        'fail',
        `${path} says "${managedLine}"${running}: our change would be written over`,
        'make the change there and stop the agent meanwhile, then list config-managed under accept',
      ),
    ];
  }
  if (agents.length === 0) return [];
  return [
    objection(
      'warn',
      `${agents.join(', ')} was found on the host; whether it writes ${path} is not known`,
      'stop it for the time of the run if it does',
    ),
  ];
}

function mibText(bytes: number): string {
  return bytes >= 10 * 1024 * MIB
    ? `${String(Math.floor(bytes / (1024 * MIB)))} GiB`
    : `${String(Math.floor(bytes / MIB))} MiB`;
}
