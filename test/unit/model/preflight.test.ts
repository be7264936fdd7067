/**
 * Goal: every reason to refuse is told, all at once, with names and numbers. Method: a sound state,
 * one thing wrong.
 */

import { clientSpec, plainClients } from '../../support/client-scope.ts';
import { describe, expect, it } from 'vitest';
import { sourceFindings } from '../../../src/model/config-findings.ts';
import type { ConfigSources } from '../../../src/model/config-sources.ts';
import { memberIdFromHex, memberName } from '../../../src/model/ids.ts';
import {
  type ObservedMember,
  type ObservedState,
  known,
  unknown,
} from '../../../src/model/observed.ts';
import { type Preflight, type PreflightOptions, preflight } from '../../../src/model/preflight.ts';
import type { World } from '../../../src/model/world.ts';
import { observedOf } from '../../support/observed.ts';
import { desiredFor } from '../../support/rollouts.ts';
import { httpWorld, httpsUrl, httpsWorld, mixedWorld, withDown } from '../../support/worlds.ts';

const NOTHING_GRANTED: PreflightOptions = {
  acceptDowntime: false,
  tolerateDown: [],
  stoppedByUs: [],
};

function judged(
  world: World,
  changes: Partial<ObservedState> = {},
  options: Partial<PreflightOptions> = {},
): Preflight {
  const state = { ...observedOf(world), ...changes };
  return preflight(state, desiredFor(world), { ...NOTHING_GRANTED, ...options });
}

/** The same with one member seen otherwise. */
function judgedWith(
  world: World,
  name: string,
  changes: Partial<ObservedMember>,
  options: Partial<PreflightOptions> = {},
): Preflight {
  const members = observedOf(world).members.map((member) =>
    member.name === name ? { ...member, ...changes } : member,
  );
  return judged(world, { members }, options);
}

function statusWith(
  world: World,
  name: string,
  version: string,
  appliedIndex = 1200,
): Partial<ObservedMember> {
  const member = observedOf(world).members.find((each) => each.name === name);
  if (member?.status.known !== true) throw new Error(`${name} has no status`);
  return { status: known({ ...member.status.value, version, appliedIndex }) };
}

const codes = ({ failures }: Preflight): readonly string[] => failures.map(({ code }) => code);
const but = ({ failures }: Preflight): string => failures.map((failure) => failure.but).join('\n');
const UNHEALTHY = { health: known({ isHealthy: false, reason: 'RAFT NO LEADER' }) };

describe('a sound cluster', () => {
  it.each([httpWorld(), mixedWorld(), httpsWorld(5)])(
    'is not refused and warns of nothing',
    (world) => {
      expect(judged(world)).toEqual({ failures: [], warnings: [] });
    },
  );
});

describe('who belongs to the cluster', () => {
  it('refuses a member that the plan file does not name', () => {
    const stranger = { name: 'm9', id: memberIdFromHex('99'), kind: 'not-in-plan' } as const;
    const answer = judged(httpWorld(), { strangers: [stranger] });
    expect(codes(answer)).toEqual(['MEMBER_NOT_IN_PLAN']);
    expect(but(answer)).toBe('the member list has m9 (99) as well, and the plan file does not');
  });

  it('refuses a plan member that the cluster does not have', () => {
    const stranger = { name: 'm4', id: undefined, kind: 'not-in-cluster' } as const;
    expect(codes(judged(httpWorld(), { strangers: [stranger] }))).toEqual([
      'MEMBER_NOT_IN_CLUSTER',
    ]);
  });

  it('refuses a member that has never started, and says how to take it out', () => {
    const stranger = {
      name: 'http://10.0.0.9:2380',
      id: memberIdFromHex('99'),
      kind: 'unstarted',
    } as const;
    const answer = judged(httpWorld(), { strangers: [stranger] });
    expect(codes(answer)).toEqual(['MEMBER_UNSTARTED']);
    expect(answer.failures[0]?.remedy).toContain('etcdctl member remove 99');
  });

  it('refuses a learner, since a member update would make it a voter', () => {
    const answer = judgedWith(httpWorld(5), 'm4', { isLearner: true });
    expect(codes(answer)).toEqual(['LEARNER_PRESENT']);
    expect(but(answer)).toContain('on 3.4, before 3.5.31 and before 3.6.12');
  });
});

describe('alarms and versions', () => {
  it('refuse each alarm by member', () => {
    const alarms = known([
      { member: 'm1', alarm: 'NOSPACE' },
      { member: 'm2', alarm: 'CORRUPT' },
    ]);
    const answer = judged(httpWorld(), { alarms });
    expect(codes(answer)).toEqual(['ALARM_RAISED', 'ALARM_RAISED']);
    expect(answer.failures.map(({ remedy }) => remedy)).toEqual([
      'compact, defragment, then etcdctl alarm disarm, then check again',
      'repair or replace m2 first, then etcdctl alarm disarm, then check again',
    ]);
  });

  it('refuse alarms that nobody could read', () => {
    const answer = judged(httpWorld(), { alarms: unknown('permission denied') });
    expect(codes(answer)).toEqual(['FACT_UNKNOWN']);
    expect(but(answer)).toContain('permission denied');
  });

  it('refuse etcd before 3.3, and only warn of 3.6 and later', () => {
    const world = httpWorld();
    expect(codes(judgedWith(world, 'm2', statusWith(world, 'm2', '3.2.32')))).toEqual([
      'VERSION_UNSUPPORTED',
    ]);
    const answer = judgedWith(world, 'm2', statusWith(world, 'm2', '3.6.1'));
    expect(answer.failures).toEqual([]);
    expect(answer.warnings).toEqual([
      'm2 is etcd 3.6.1: peershift was tried on 3.3, 3.4 and 3.5, not on 3.6 and later',
    ]);
  });
});

describe('a member that is down', () => {
  it('is refused with what runs and what is needed', () => {
    const answer = judged(withDown(httpWorld(5), 'm4'));
    expect(codes(answer)).toEqual(['MEMBER_DOWN']);
    expect(answer.failures[0]?.so).toContain('4 of 5 run and 3 are needed');
  });

  it('names the flags that let it stay down, and what they cost', () => {
    expect(judged(withDown(httpWorld(5), 'm4')).failures[0]?.remedy).toBe(
      'start m4, or pass --tolerate-down m4 if it is to stay down',
    );
    expect(judged(withDown(httpWorld(3), 'm3')).failures[0]?.remedy).toBe(
      'start m3, or pass --tolerate-down m3 and --accept-downtime if it is to stay down, and each restart may stop all writes',
    );
  });

  it('is no reason when it is tolerated and a restart still leaves a majority', () => {
    expect(judged(withDown(httpWorld(5), 'm4'), {}, { tolerateDown: ['m4'] }).failures).toEqual([]);
  });

  it('is downtime when it is tolerated and a restart would leave no majority', () => {
    const answer = judged(withDown(httpWorld(), 'm3'), {}, { tolerateDown: ['m3'] });
    expect(codes(answer)).toEqual(['DOWNTIME_NOT_ACCEPTED']);
    expect(but(answer)).toBe(
      'of 3 members (m3 down) 1 run during a restart, and 2 are needed to write',
    );
    const accepted = { tolerateDown: ['m3'], acceptDowntime: true };
    expect(judged(withDown(httpWorld(), 'm3'), {}, accepted).failures).toEqual([]);
  });

  it('is no reason when the run in hand has stopped it itself', () => {
    expect(judged(withDown(httpWorld(), 'm3'), {}, { stoppedByUs: ['m3'] }).failures).toEqual([]);
  });
});

describe('a cluster without quorum', () => {
  it('is refused with who has to come back first', () => {
    const answer = judged(withDown(withDown(httpWorld(), 'm2'), 'm3'));
    expect(codes(answer)).toEqual(['NO_QUORUM', 'MEMBER_DOWN', 'MEMBER_DOWN']);
    expect(answer.failures[0]?.but).toContain('1 of 3 members run and 2 are needed');
    expect(answer.failures[0]?.remedy).toContain('bring m2, m3 back first');
  });

  it('is one without a leader too, and then neither health nor alarms are told again', () => {
    const members = observedOf(httpWorld()).members.map((member) => ({ ...member, ...UNHEALTHY }));
    const changes = { members, leader: unknown('m1 sees no leader'), alarms: unknown('no answer') };
    const answer = judged(httpWorld(), changes);
    expect(codes(answer)).toEqual(['NO_QUORUM']);
    expect(but(answer)).toBe('there is no leader: m1 sees no leader; none of 3 members is healthy');
  });

  it('is not one whose members are unhealthy because of an alarm', () => {
    const members = observedOf(httpWorld()).members.map((member) => ({ ...member, ...UNHEALTHY }));
    const alarms = known([{ member: 'm1', alarm: 'NOSPACE' }]);
    expect(codes(judged(httpWorld(), { members, alarms }))).not.toContain('NO_QUORUM');
  });
});

describe('a member that is not well', () => {
  it('is refused when its peer links should all work', () => {
    const answer = judgedWith(httpWorld(), 'm2', UNHEALTHY);
    expect(codes(answer)).toEqual(['MEMBER_UNHEALTHY']);
    expect(but(answer)).toContain(
      'm2 is not healthy (RAFT NO LEADER), for a reason that peer URLs and TLS do not explain',
    );
  });

  it('is refused when its health could not be read', () => {
    const answer = judgedWith(httpWorld(), 'm2', { health: unknown('no answer in 3 s') });
    expect(codes(answer)).toEqual(['MEMBER_UNHEALTHY']);
    expect(but(answer)).toContain('no answer in 3 s');
  });

  it('is not refused when the dial model says that it is cut off: that is what a rollout repairs', () => {
    const cutOff = { ...httpWorld(), blocked: [] };
    const listen = ['https://10.0.0.2:2380'];
    const members = observedOf(cutOff).members.map((member) => {
      const view = { m1: ['http://10.0.0.1:2380'], m2: listen, m3: ['http://10.0.0.3:2380'] };
      const peerUrls = member.name === 'm2' ? listen : member.peerUrls;
      const seen = { ...member, peerUrls, view: known(view) } as ObservedMember;
      // m2 has the others at ports where nobody listens; they have it at a scheme it does not speak.
      const stale = { m1: ['http://10.0.0.1:9'], m2: listen, m3: ['http://10.0.0.3:9'] };
      return member.name === 'm2' ? { ...seen, ...UNHEALTHY, view: known(stale) } : seen;
    }) as readonly ObservedMember[];
    expect(judged(cutOff, { members }).failures).toEqual([]);
  });

  it('is refused when it lags by more than gates.maxLag', () => {
    const world = httpWorld();
    expect(judgedWith(world, 'm2', statusWith(world, 'm2', '3.4.23', 200)).failures).toEqual([]);
    const answer = judgedWith(world, 'm2', statusWith(world, 'm2', '3.4.23', 199));
    expect(codes(answer)).toEqual(['MEMBER_UNHEALTHY']);
    expect(but(answer)).toBe(
      'm2 is 1001 entries behind (199 of 1200 applied), and gates.maxLag allows 1000',
    );
  });
});

describe('what could not be seen', () => {
  it('is refused for each member, and its health is then told without an explanation', () => {
    const answer = judgedWith(httpWorld(), 'm2', { ...UNHEALTHY, view: unknown('no answer') });
    expect(codes(answer)).toEqual(['FACT_UNKNOWN', 'MEMBER_UNHEALTHY']);
    expect(but(answer)).toContain('cannot be told while facts are missing');
  });
});

describe('the configuration', () => {
  const contradictions = ['the file says X, the process runs with Y: a restart would change it'];

  it('is refused when it contradicts the process', () => {
    const answer = judgedWith(httpWorld(), 'm2', { contradictions });
    expect(codes(answer)).toEqual(['CONFIG_CONTRADICTION']);
    expect(but(answer)).toBe(contradictions[0]);
  });

  it('may contradict the process when the run in hand has written it', () => {
    const options = { writtenDigests: ['config-of-m2'] };
    expect(judgedWith(httpWorld(), 'm2', { contradictions }, options).failures).toEqual([]);
  });

  it('may differ in what the run in hand has written, also when somebody else edited it since', () => {
    const [http, https] = ['http://10.0.0.2:2380', 'https://10.0.0.2:2380'];
    const settings: ConfigSources = {
      ...{ path: '/e.env', places: {}, elsewhere: [], format: 'env-file' },
      process: {
        flags: {},
        environment: { 'listen-peer-urls': http, 'heartbeat-interval': '100' },
      },
      running: { 'listen-peer-urls': http, 'heartbeat-interval': '100' },
      file: { 'listen-peer-urls': https, 'heartbeat-interval': '150' },
    };
    const said = sourceFindings(settings).map(({ says }) => says);
    const changes = { sources: known(settings), contradictions: said };
    const written = [{ member: memberName('m2'), flag: 'listen-peer-urls', value: https }];
    expect(codes(judgedWith(httpWorld(), 'm2', changes))).toEqual(['CONFIG_CONTRADICTION']);
    expect(judgedWith(httpWorld(), 'm2', changes, { written }).failures).toEqual([]);
    const elsewhere = [{ member: memberName('m1'), flag: 'listen-peer-urls', value: https }];
    const other = [{ member: memberName('m2'), flag: 'listen-peer-urls', value: `${https}9` }];
    for (const wrong of [elsewhere, other]) {
      const answer = judgedWith(httpWorld(), 'm2', changes, { written: wrong });
      expect(codes(answer)).toEqual(['CONFIG_CONTRADICTION']);
    }
  });

  it('is refused when it cannot be edited, and told once when it cannot be read', () => {
    const problems = judgedWith(httpWorld(), 'm2', { configProblems: ['line 3 is shell code'] });
    expect(codes(problems)).toEqual(['CONFIG_UNREADABLE']);
    expect(problems.failures[0]?.where).toContain('of member m2');
    const gone = unknown('there is no such file');
    const answer = judgedWith(httpWorld(), 'm2', { configDigest: gone, disk: gone });
    expect(codes(answer)).toEqual(['CONFIG_UNREADABLE']);
    expect(but(answer)).toBe('there is no such file');
  });
});

describe('the size of the cluster', () => {
  it.each([
    [1, 1, 'of 1 members 0 run during a restart, and 1 are needed to write'],
    [2, 3, 'of 2 members 1 run during a restart, and 2 are needed to write'],
  ])('refuses %i members, whose every restart stops writes', (count, restarts, words) => {
    const answer = judged(httpWorld(count));
    expect(codes(answer)).toEqual(['DOWNTIME_NOT_ACCEPTED']);
    expect(but(answer)).toBe(words);
    expect(answer.failures[0]?.so).toContain(
      `each of the ${String(restarts)} restarts stops all writes`,
    );
    expect(judged(httpWorld(count), {}, { acceptDowntime: true }).failures).toEqual([]);
  });

  it('warns of an even one and says what it bears', () => {
    const answer = judged(httpWorld(4));
    expect(answer.failures).toEqual([]);
    expect(answer.warnings).toEqual([
      '4 members need 3 to write and bear the loss of 1, no more than 3 do: an odd count is better',
    ]);
  });
});

describe('logins beside demanded client certificates', () => {
  const auth = { username: 'root', passwordEnv: 'PASSWORD' };

  it.each([
    [true, true, 1],
    [true, false, 0],
    [false, true, 0],
  ])('on %s, demanded %s: %i warnings', (hasLogins, certAuth, count) => {
    const world = plainClients();
    const spec = clientSpec(world);
    const cluster = { ...spec.cluster, auth: hasLogins ? auth : undefined };
    const clients = { certAuth, ca: { cert: '/ca.pem', key: '/ca-key.pem' }, isGivenCa: false };
    const options = { acceptDowntime: false, tolerateDown: [], stoppedByUs: [] };
    const { warnings } = preflight(observedOf(world), { ...spec, cluster, clients }, options);
    expect(warnings).toHaveLength(count);
    if (count > 0) expect(warnings[0]).toContain('certificates without a common name');
  });
});

describe('all reasons', () => {
  it('are told at once', () => {
    const stranger = { name: 'm9', id: memberIdFromHex('99'), kind: 'not-in-plan' } as const;
    const alarms = known([{ member: 'm1', alarm: 'NOSPACE' }]);
    const members = observedOf(withDown(httpWorld(), 'm3')).members.map((member) =>
      member.name === 'm1' ? { ...member, configProblems: ['line 3 is shell code'] } : member,
    );
    const answer = judged(withDown(httpWorld(), 'm3'), { strangers: [stranger], alarms, members });
    expect([...new Set(codes(answer))].sort()).toEqual([
      'ALARM_RAISED',
      'CONFIG_UNREADABLE',
      'MEMBER_DOWN',
      'MEMBER_NOT_IN_PLAN',
    ]);
  });

  it('are told in five lines each, with nothing empty', () => {
    const { failures } = judged(withDown(withDown(httpWorld(), 'm2'), 'm3'));
    for (const { where, would, but: reason, so, remedy } of failures) {
      for (const line of [where, would, reason, so, remedy]) expect(line).not.toBe('');
    }
  });

  it('leave a view that differs as a warning: the dial model judges with it', () => {
    const view = known({ ...httpWorld().record, m1: [], m2: [httpsUrl('m2')] });
    expect(judgedWith(httpWorld(), 'm3', { view }).warnings).toEqual([
      'm3 does not have m1, the others have http://10.0.0.1:2380',
      'm3 still has https://10.0.0.2:2380 for m2, the others have http://10.0.0.2:2380',
    ]);
  });

  it('tell where a setting is odd, as a warning or as a refusal with its code', () => {
    const sources: ConfigSources = {
      ...{ path: '/e.yml', file: {}, places: {}, elsewhere: [] },
      format: 'yaml',
      process: { flags: {}, environment: {} },
      running: { 'peer-cert-allowed-cn': 'etcd' },
    };
    const warned = judgedWith(httpWorld(), 'm1', { sources: known(sources) });
    expect(warned.warnings).toEqual([
      expect.stringMatching(/^m1: peer-cert-allowed-cn is etcd: .* \[NAME_ALLOWED\]$/) as string,
    ]);
    const environment = { 'config-file': '/e.yml' };
    const process = { flags: {}, environment, configFile: '/e.yml' };
    const status = observedOf(httpWorld()).members[0]?.status;
    const old = status?.known === true ? { ...status.value, version: '3.3.25' } : undefined;
    if (old === undefined) throw new Error('m1 tells its status');
    const refused = judgedWith(httpWorld(), 'm1', {
      sources: known({ ...sources, running: {}, process }),
      status: known(old),
    });
    expect(codes(refused)).toEqual(['CONFIG_CONTRADICTION']);
    expect(refused.failures[0]?.but).toContain('etcd 3.3.25 does not read that variable');
  });
});
