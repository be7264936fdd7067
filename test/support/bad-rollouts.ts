/** Turns good rollouts into bad ones, each spoilt by hand in one way, with the rule that must refuse it. */

import type { Leaf } from '../../src/model/certificate.ts';
import type { Failure } from '../../src/model/failure.ts';
import { type MemberName, memberName, stepId } from '../../src/model/ids.ts';
import { known, unknown } from '../../src/model/observed.ts';
import type { Rollout } from '../../src/model/rollout.ts';
import { FLAG } from '../../src/model/settings.ts';
import type { AdvertisePeer, Phase, Step } from '../../src/model/step.ts';
import type { PeerUrl } from '../../src/model/url.ts';
import type { World } from '../../src/model/world.ts';
import { BAD_WAYS_BACK } from './bad-ways-back.ts';
import { desiredFor } from './rollouts.ts';
import { planOn } from './small-clusters.ts';
import { NOW_MS, httpWorld, httpsUrl, leafFor, memberNames } from './worlds.ts';

export interface Mutant {
  readonly name: string;
  readonly rollout: Rollout;
  /** Of the rule that it was made for; undefined where needs or the end itself refuse it. */
  readonly rule: string | undefined;
  readonly accept?: readonly string[];
  readonly code: Failure['code'];
  readonly where: string;
  readonly but: string;
}

/** What the planner makes of it, with nothing spoilt. */
export function good(world: World = httpWorld(3), order?: readonly string[]): Rollout {
  return planOn(world, desiredFor(world, { order: order?.map(memberName) }));
}

function withSteps(rollout: Rollout, change: (steps: readonly Step[]) => readonly Step[]): Rollout {
  return { ...rollout, steps: change(rollout.steps) };
}

function pick(rollout: Rollout, id: string): Step {
  const step = rollout.steps.find((each) => each.id === id);
  if (step === undefined)
    throw new Error(`no step ${id} in ${rollout.steps.map((each) => each.id).join()}`);
  return step;
}

/** The named steps take the place of the first of them, in this order. */
function reordered(rollout: Rollout, ids: readonly string[]): Rollout {
  const at = rollout.steps.findIndex((step) => ids.includes(step.id));
  const rest = rollout.steps.filter((step) => !ids.includes(step.id));
  const moved = ids.map((id) => pick(rollout, id));
  return withSteps(rollout, () => [...rest.slice(0, at), ...moved, ...rest.slice(at)]);
}

function without(rollout: Rollout, drop: (step: Step) => boolean): Rollout {
  return withSteps(rollout, (steps) => steps.filter((step) => !drop(step)));
}

function inserted(rollout: Rollout, afterId: string, step: Step): Rollout {
  return withSteps(rollout, (steps) =>
    steps.flatMap((each) => (each.id === afterId ? [each, step] : [each])),
  );
}

/** What m2 gets is this leaf; the key fits unless said otherwise. */
function withLeafOfM2(changes: Partial<Leaf>, keyId = 'key-of-m2'): Rollout {
  const leaf = leafFor('m2', changes);
  return withSteps(good(), (steps) =>
    steps.map((step) => {
      if (step.kind !== 'install-certificates' || step.member !== 'm2') return step;
      const files = step.files.map((file) => {
        if (file.role === 'leaf') return { ...file, content: { kind: 'leaf', leaf } as const };
        if (file.role === 'key') return { ...file, content: { kind: 'key', keyId } as const };
        return file;
      });
      return { ...step, files };
    }),
  );
}

function advertising(rollout: Rollout, id: string, to: readonly string[]): Rollout {
  return withSteps(rollout, (steps) =>
    steps.map((step) => (step.id === id ? ({ ...step, to } as unknown as Step) : step)),
  );
}

function alone(id: string, phase: Phase, step: object): Step {
  return {
    id: stepId(id),
    phase,
    group: undefined,
    why: 'by hand',
    after: undefined,
    ...step,
  } as Step;
}

function advertiseStep(
  member: MemberName,
  from: readonly PeerUrl[],
  after: Step['after'],
): AdvertisePeer {
  const step = { kind: 'advertise-peer', member, from, to: [httpsUrl(member)], after };
  return alone(`advertise/${member}`, 'members', step) as AdvertisePeer;
}

/** Trust everywhere, then all URLs, then all listeners. */
function allUrlsFirst(): Rollout {
  const world: World = { ...httpWorld(3), leader: undefined };
  const rollout = good(world, ['m1', 'm2', 'm3']);
  const names = memberNames(3).map(memberName);
  const prepare = rollout.steps.filter((step) => step.phase === 'prepare');
  const first = rollout.steps.find((step) => step.kind === 'restart-member');
  const trust = names.flatMap((member) => {
    const changes = [FLAG.peerCertFile, FLAG.peerKeyFile, FLAG.peerTrustedCaFile].map((flag) => ({
      flag,
      from: undefined,
      to: rollout.goal.find((goal) => goal.member === member)?.settings[flag],
    }));
    const here = { member, after: first?.after };
    const configure = { kind: 'configure-member', changes, restoresOriginal: false, member };
    return [
      alone(`trust/${member}`, 'trust', configure),
      alone(`load/${member}`, 'trust', { kind: 'restart-member', ...here }),
    ];
  });
  const urls = names.map((member) => {
    return advertiseStep(member, world.record[member] ?? [], first?.after);
  });
  const listeners = names.flatMap((member) => {
    const goal = rollout.goal.find((each) => each.member === member)?.settings ?? {};
    const changes = [FLAG.listenPeerUrls, FLAG.peerClientCertAuth].map((flag) => {
      return { flag, from: undefined, to: goal[flag] };
    });
    const configure = { kind: 'configure-member', changes, restoresOriginal: false, member };
    return [
      alone(`listen/${member}`, 'members', configure),
      alone(`switch/${member}`, 'members', { kind: 'restart-member', member, after: first?.after }),
    ];
  });
  return { ...rollout, steps: [...prepare, ...trust, ...urls, ...listeners] };
}

/** The last of five never gets trust of its own and is advertised while nobody it knows can be dialed by it. */
function withoutTrustOfM5(): Rollout {
  const world: World = { ...httpWorld(5), leader: undefined };
  const rollout = good(world, ['m1', 'm2', 'm3', 'm4', 'm5']);
  const kept = without(
    rollout,
    (step) => step.phase === 'trust' && 'member' in step && step.member === 'm5',
  );
  return withSteps(kept, (steps) =>
    steps.map((step) => {
      const wide = { ...step, phase: 'first' as const };
      if (step.kind !== 'configure-member' || step.member !== 'm5') return wide;
      const goal = rollout.goal.find((each) => each.member === 'm5')?.settings ?? {};
      const changes = Object.entries(goal).map(([flag, to]) => ({ flag, from: undefined, to }));
      return { ...wide, changes } as Step;
    }),
  );
}

function withoutLinkGates(): Rollout {
  return withSteps(good(), (steps) =>
    steps.map((step) => {
      if (step.after === undefined) return step;
      const checks = step.after.checks.filter((check) => check !== 'links');
      return { ...step, after: { ...step.after, checks } };
    }),
  );
}

function withSources(address: string | undefined): World {
  const world = httpWorld(3);
  return {
    ...world,
    members: world.members.map((member) => {
      if (member.name !== 'm2') return member;
      const fact = address === undefined ? unknown('ip route get is not there') : known([address]);
      return { ...member, sources: { ...member.sources, m1: fact } };
    }),
  };
}

const DAY_MS = 86_400_000;

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a member is restarted https-only before its URL says so, and nobody can dial it',
    rollout: reordered(good(), ['configure/m2', 'restart/m2', 'advertise/m2']),
    rule: 'degraded',
    code: 'UNSAFE_ROLLOUT',
    where: 'after step 6 of 21',
    but: 'm1 could not dial m2: m2 is advertised at http://10.0.0.2:2380 and speaks TLS on that port',
  },
  {
    name: 'the http listener is dropped while members still dial it',
    rollout: without(good(), (step) => step.id === 'advertise/m2'),
    rule: undefined,
    code: 'UNSAFE_ROLLOUT',
    where: 'at the end of the rollout',
    but: '2 of 6 ordered pairs could not dial: m2 is advertised at http://10.0.0.2:2380 and speaks TLS on that port',
  },
  {
    name: 'all URLs are advertised before any listener is switched',
    rollout: allUrlsFirst(),
    rule: 'quorum',
    code: 'UNSAFE_ROLLOUT',
    where: 'after step 12 of 19, if m3 crashes there',
    but: '2 of 3 members are up and the largest linked group has 1',
  },
  {
    name: 'all URLs are advertised with no TLS loaded anywhere',
    rollout: without(allUrlsFirst(), (step) => /^(?:trust|load|listen|switch)/u.test(step.id)),
    rule: undefined,
    code: 'UNSAFE_ROLLOUT',
    where: 'at the end of the rollout',
    but: '6 of 6 ordered pairs could not dial: m2 is advertised at https://10.0.0.2:2380 and speaks plain http on that port',
  },
  {
    name: 'a member without trust is advertised as https while the others are https',
    rollout: withoutTrustOfM5(),
    rule: 'cut-off',
    code: 'UNSAFE_ROLLOUT',
    where: 'after step 25 of 31',
    but: "m5 could neither dial nor be dialed by m1, m2, m3, m4: m5 has not loaded the CA of m1's leaf",
  },
  {
    name: 'the leaf does not name the source address',
    rollout: good(withSources('10.9.9.9')),
    rule: undefined,
    code: 'CERTIFICATE_UNUSABLE',
    where: 'at the end of the rollout',
    but: "m2's leaf is valid for 10.0.0.2, not for 10.9.9.9, the address its dials to m1 come from",
  },
  {
    name: 'the source address is unknown',
    rollout: good(withSources(undefined)),
    rule: 'known-dials',
    code: 'FACT_UNKNOWN',
    where: 'after step 18 of 21, if m1 crashes and comes back there',
    but: 'whether m2 could dial m1 cannot be told: unknown is the address that m2 dials m1 from: ip route get is not there',
  },
  {
    name: "the leaf does not name its peer URL's host",
    rollout: withLeafOfM2({ ipAddresses: [], dnsNames: [] }),
    rule: undefined,
    code: 'CERTIFICATE_UNUSABLE',
    where: 'at the end of the rollout',
    but: "m2's leaf is valid for no name at all, not for 10.0.0.2, its peer URL's host",
  },
  {
    name: 'client certificates are demanded and one leaf lacks clientAuth',
    rollout: withLeafOfM2({ clientAuth: false }),
    rule: undefined,
    code: 'CERTIFICATE_UNUSABLE',
    where: 'at the end of the rollout',
    but: "2 of 6 ordered pairs could not dial: m2's leaf lacks clientAuth",
  },
  {
    name: 'the leaf has expired',
    rollout: withLeafOfM2({ notAfterMs: NOW_MS - DAY_MS }),
    rule: undefined,
    code: 'CERTIFICATE_UNUSABLE',
    where: 'at the end of the rollout',
    but: "m2's leaf expired at 2026-11-21",
  },
  {
    name: 'the key does not fit its leaf',
    rollout: withLeafOfM2({}, 'key-of-another'),
    rule: undefined,
    code: 'UNSAFE_ROLLOUT',
    where: 'before step 7 of 21',
    but: 'm2 would not start: tls: private key does not match public key',
  },
  {
    name: 'a file that is not there is named without a restart',
    rollout: withSteps(good(), (steps) =>
      steps.map((step) => {
        if (step.id !== 'record/m3') return step;
        const change = { flag: FLAG.peerTrustedCaFile, from: undefined, to: '/gone/ca.pem' };
        return { ...step, changes: [change] } as Step;
      }),
    ),
    rule: 'startable',
    code: 'UNSAFE_ROLLOUT',
    where: 'after step 21 of 21',
    but: 'etcd on m3 would refuse to start: open /gone/ca.pem: no such file',
  },
  {
    name: 'the leader is restarted without a hand-over',
    rollout: without(good(), (step) => step.kind === 'transfer-leader'),
    rule: 'hand-over',
    code: 'UNSAFE_ROLLOUT',
    where: 'before step 11 of 19',
    but: 'm1 leads and would be restarted without handing over',
  },
  {
    name: 'a leader is advertised where nobody can dial it yet',
    rollout: without(
      good({ ...httpWorld(3), leader: memberName('m2') }, ['m2', 'm3', 'm1']),
      (step) => step.kind === 'transfer-leader',
    ),
    rule: 'leader',
    accept: ['hand-over'],
    code: 'UNSAFE_ROLLOUT',
    where: 'after step 5 of',
    but: 'm2 leads and m1, m3 could not dial it',
  },
  {
    name: 'settings are written one step before their restart',
    rollout: reordered(good(), ['configure/m2', 'advertise/m2', 'restart/m2']),
    rule: 'own-restart',
    code: 'UNSAFE_ROLLOUT',
    where: 'after step 5 of 21',
    but: 'the settings of m2 would be written and m2 not restarted at once',
  },
  {
    name: 'a group is parted by another step',
    rollout: inserted(good(), 'advertise/m2', alone('check/all', 'first', { kind: 'check-links' })),
    rule: 'groups',
    code: 'UNSAFE_ROLLOUT',
    where: 'before step 7 of 22',
    but: 'the steps of group first/m2 are parted by others',
  },
  {
    name: 'a member is restarted while links are unobserved',
    rollout: withoutLinkGates(),
    rule: 'observed-links',
    code: 'UNSAFE_ROLLOUT',
    where: 'before step 9 of 21',
    but: 'm3 would be restarted while the link between m1 and m2 was not observed since it last changed',
  },
  {
    name: 'a restart takes quorum away and nobody accepted it',
    rollout: good(httpWorld(2)),
    rule: 'downtime',
    accept: ['hand-over'],
    code: 'DOWNTIME_NOT_ACCEPTED',
    where: 'in the middle of step 6 of 12',
    but: '1 of 2 members would be up; quorum needs 2',
  },
  {
    name: 'a URL ends in a slash',
    rollout: advertising(good(), 'advertise/m2', ['https://10.0.0.2:2380/']),
    rule: 'urls',
    code: 'UNSAFE_ROLLOUT',
    where: 'before step 5 of 21',
    but: 'a path ("/") is not allowed, not even "/": etcd panics on it',
  },
  {
    name: "a URL is another member's",
    rollout: advertising(good(), 'advertise/m2', [
      'https://10.0.0.2:2380',
      'https://10.0.0.3:2380',
    ]),
    rule: 'urls',
    code: 'UNSAFE_ROLLOUT',
    where: 'before step 5 of 21',
    but: 'm3 already has http://10.0.0.3:2380',
  },
  ...BAD_WAYS_BACK,
];
