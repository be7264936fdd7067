/** Turns the client side of each member into what it is to become, and writes the steps that lead there. */

import { type Result, err, ok } from '../base/result.ts';
import {
  type ClientSettings,
  clientSettings,
  inBothSchemes,
  inHttps,
  servesHttp,
  servesHttps,
} from '../model/client-settings.ts';
import type { DesiredMember, DesiredSpec } from '../model/desired.ts';
import type { Failure } from '../model/failure.ts';
import type { MemberName } from '../model/ids.ts';
import type { Material } from '../model/material.ts';
import { FLAG, type Settings, oneSettings } from '../model/settings.ts';
import type { InstalledFile, Phase } from '../model/step.ts';
import { type MemberWorld, type World, memberOf } from '../model/world.ts';
import { clientProblems } from './client-problems.ts';
import { underDeadMan } from './dead-man.ts';
import { type Draft, type Here, add, configure, handOver, restart } from './draft.ts';
import { CLIENT_FILES, filesFor } from './files.ts';
import { clientGate, movedGate } from './gates.ts';
import { owned, runsAs } from './target.ts';

/** What a member becomes on the client side; the settings are those of the client side alone. */
export interface ClientTarget {
  readonly member: MemberName;
  readonly files: readonly InstalledFile[];
  /** http and https on every port, both published. */
  readonly both: Settings;
  /** https alone, and a certificate asked for where the plan says so. */
  readonly closed: Settings;
}

interface ClientInput {
  readonly desired: DesiredSpec;
  readonly world: World;
  readonly clientMaterial?: Material;
}

/** One target a member, none where the scope is the peers alone; every reason why a member cannot have one. */
export function clientTargetsOf({
  desired,
  world,
  clientMaterial: material,
}: ClientInput): Result<readonly ClientTarget[], readonly Failure[]> {
  const { clients } = desired;
  if (clients === undefined || material === undefined) return ok([]);
  const made = desired.members.map((member) => {
    const present = memberOf(world, member.name);
    const files = filesFor(material, member, present, CLIENT_FILES);
    const client = clientSettings(present.disk.settings);
    const failures = clientProblems({ world, member: present, client, material, files });
    return { failures, target: targetOf(member, client, files, clients.certAuth, material) };
  });
  const failures = made.flatMap((each) => each.failures);
  return failures.length > 0 ? err(failures) : ok(made.map(({ target }) => target));
}

function targetOf(
  { name: member }: DesiredMember,
  client: ClientSettings | undefined,
  files: readonly InstalledFile[],
  certAuth: boolean,
  { mode }: Material,
): ClientTarget {
  const { listen = [], advertise = [] } = client ?? {};
  const [ca, leaf, key] = files.map(({ path }) => path);
  const pair = {
    ...(leaf === undefined ? {} : { [FLAG.certFile]: leaf }),
    ...(key === undefined ? {} : { [FLAG.keyFile]: key }),
  };
  const demand = {
    [FLAG.clientCertAuth]: 'true',
    ...(ca === undefined ? {} : { [FLAG.trustedCaFile]: ca }),
  };
  return {
    member,
    files: mode === 'in-place' ? [] : files.filter(({ role }) => certAuth || role !== 'ca'),
    both: { ...urlsOf(inBothSchemes(listen), inBothSchemes(advertise)), ...pair },
    closed: {
      ...urlsOf(inHttps(listen), inHttps(advertise)),
      ...pair,
      ...(certAuth ? demand : {}),
    },
  };
}

function urlsOf(listen: readonly string[], advertise: readonly string[]): Settings {
  return {
    [FLAG.listenClientUrls]: listen.join(','),
    [FLAG.advertiseClientUrls]: advertise.join(','),
  };
}

/** The settings of the peer side as they stand on its disk, and these of the client side. */
export function withClientSide(member: MemberWorld, side: Settings): Settings {
  return oneSettings({ ...owned(member.disk.settings), ...side });
}

export function isClosed(draft: Draft, { member: name, closed }: ClientTarget): boolean {
  const member = memberOf(draft.world, name);
  return runsAs(member, withClientSide(member, closed));
}

/** Each member serves both; then, with nobody left on plain http, each one closes it. */
export function moveClients(
  draft: Draft,
  targets: readonly ClientTarget[],
  orderIn: (world: World) => readonly MemberName[],
): void {
  const inOrder = (): readonly ClientTarget[] => {
    return orderIn(draft.world).flatMap((name) => targets.filter(({ member }) => member === name));
  };
  const first = inOrder();
  for (const target of first) {
    const { client } = memberOf(draft.world, target.member).process ?? {};
    if (servesHttps(client)) continue;
    const why =
      'one port answers http and https, and the list names both: clients move when they like';
    restartClients(draft, { phase: 'serve-both', why }, target.member, target.both, first);
  }
  // Who leads now comes last again.
  const second = inOrder();
  for (const target of second) {
    if (isClosed(draft, target)) continue;
    if (servesHttp(memberOf(draft.world, target.member).process?.client)) lookAtClients(draft);
    const why = 'nobody speaks http any more; a certificate is asked for last of all';
    restartClients(draft, { phase: 'close-http', why }, target.member, target.closed, second);
  }
}

function lookAtClients(draft: Draft): void {
  const why = 'http is closed on nobody who has not moved';
  add(draft, { phase: 'close-http', why }, { kind: 'check-clients' }, movedGate(draft.gates));
}

/** Settings of the client side and the restart that loads and publishes them, leadership handed over before. */
export function restartClients(
  draft: Draft,
  { phase, why }: { readonly phase: Phase; readonly why: string },
  member: MemberName,
  side: Settings,
  all: readonly { readonly member: MemberName }[],
  restoresOriginal = false,
): void {
  const here: Here = { phase, group: `${phase}/${member}`, why };
  const turns = all.map((each) => each.member);
  // Those that have had their turn, or will have it last, are not restarted again so soon.
  const rank = (name: MemberName): number => {
    const behind = turns.indexOf(name) - turns.indexOf(member);
    return behind < 0 ? 0 : turns.length - behind;
  };
  handOver(draft, phase, member, rank);
  const settings = withClientSide(memberOf(draft.world, member), side);
  underDeadMan(draft, here, member, settings, () => {
    configure(draft, here, member, settings, restoresOriginal);
    restart(draft, here, member, clientGate(draft.gates));
  });
}
