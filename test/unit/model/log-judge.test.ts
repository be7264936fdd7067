/** Goal: only what a step does not explain holds its gate. Method: single findings in known worlds, at chosen times. */

import { describe, expect, it } from 'vitest';

import { type MemberName, memberName } from '../../../src/model/ids.ts';
import {
  GRACE_MS,
  type Judgement,
  type LogsInput,
  type Sighting,
  judgeEach,
  noiseOf,
} from '../../../src/model/log-each.ts';
import { judgeLogs } from '../../../src/model/log-judge.ts';
import { pairsOf } from '../../../src/model/log-pairs.ts';
import { parseLogLine } from '../../../src/model/log-line.ts';
import { unknown } from '../../../src/model/observed.ts';
import { type LogFinding, classify } from '../../../src/model/signatures.ts';
import { type World, memberOf, withMember } from '../../../src/model/world.ts';
import { onLoopback } from '../../support/corpus.ts';
import {
  addressOf,
  httpUrl,
  httpWorld,
  httpsUrl,
  httpsWorld,
  idOf,
  mixedWorld,
  withDown,
  withTls,
  withTrust,
} from '../../support/worlds.ts';

const QUIET_MS = 8000;
const BEGIN_MS = 1_000_000;
const LATE_MS = BEGIN_MS + GRACE_MS + 1000;
const [M1, M2, M3] = [memberName('m1'), memberName('m2'), memberName('m3')];

function understand(message: string): LogFinding {
  const line = parseLogLine(`2026-11-22 05:41:19.1 W | x: ${message}`);
  const finding = line === undefined ? undefined : classify(line);
  if (finding === undefined) throw new Error(`nothing in ${message}`);
  return finding;
}

const rejected = (from: string, error: string): LogFinding => {
  return understand(`rejected connection from "${from}:5" (error "${error}", ServerName "")`);
};
const dialed = (to: string, error: string): LogFinding => {
  return understand(`failed to dial ${idOf(to)} on stream Message (${error})`);
};
const PLAIN = 'tls: first record does not look like a TLS handshake';
const UNTRUSTED = 'x509: certificate signed by unknown authority';
const REFUSED = 'dial tcp 10.0.0.2:2380: connect: connection refused';

let order = 0;
function seen(member: MemberName, finding: LogFinding, readAtMs = LATE_MS, count = 1): Sighting {
  order += 1;
  return { member, finding, count, readAtMs, order };
}

function inputOf(sightings: readonly Sighting[], changes: Partial<LogsInput> = {}): LogsInput {
  return {
    sightings,
    noise: [],
    unreadable: new Map(),
    behind: [],
    before: httpsWorld(),
    after: httpsWorld(),
    touched: undefined,
    sinceMs: BEGIN_MS,
    nowMs: LATE_MS + 500,
    quietMs: QUIET_MS,
    ...changes,
  };
}

const judgementsOf = (input: LogsInput): readonly Judgement[] => {
  return judgeEach(input).map(({ judgement }) => judgement);
};

describe('a line about a dial', () => {
  it('is expected when the world predicts that dial to fail for that reason', () => {
    const lines = [seen(M1, rejected(addressOf('m2'), 'remote error: tls: bad certificate'))];
    expect(judgementsOf(inputOf(lines, { after: mixedWorld() }))).toEqual(['expected']);
  });

  it('is unexpected when the world predicts another reason', () => {
    const lines = [seen(M1, rejected(addressOf('m2'), "tls: client didn't provide a certificate"))];
    expect(judgementsOf(inputOf(lines, { after: mixedWorld() }))).toEqual(['unexpected']);
  });

  it('is unexpected when it is about another pair than the predicted one', () => {
    const world = withTrust(mixedWorld(), 'm2');
    const text = 'remote error: tls: bad certificate';
    const lines = [
      seen(M1, rejected(addressOf('m3'), text)),
      seen(M1, rejected(addressOf('m2'), text)),
    ];
    expect(judgementsOf(inputOf(lines, { after: world }))).toEqual(['expected', 'unexpected']);
  });

  it('is expected of the plain URL of a member that is advertised with both', () => {
    const both = [httpUrl('m1'), httpsUrl('m1')];
    const tls = withTrust(withTls(httpWorld(), 'm1'), 'm2');
    const members = tls.members.map((each) => ({ ...each, view: { ...each.view, m1: both } }));
    const after = { ...tls, members, record: { ...tls.record, m1: both } };
    const lines = [seen(M1, rejected(addressOf('m2'), PLAIN)), seen(M2, dialed('m1', 'EOF'))];
    expect(judgementsOf(inputOf(lines, { after }))).toEqual(['expected', 'expected']);
  });

  it('is expected of a member that is down', () => {
    const lines = [seen(M1, dialed('m2', REFUSED)), seen(M1, dialed('m3', REFUSED))];
    const after = withDown(httpsWorld(), 'm2');
    expect(judgementsOf(inputOf(lines, { after }))).toEqual(['expected', 'unexpected']);
  });

  it('must cease once the world says that the pair is good', () => {
    const input = { before: mixedWorld(), after: httpsWorld(), touched: M2 };
    const early = seen(
      M1,
      rejected(addressOf('m2'), 'remote error: tls: bad certificate'),
      BEGIN_MS + GRACE_MS,
    );
    const late = { ...early, readAtMs: early.readAtMs + 1 };
    expect(judgementsOf(inputOf([early, late], input))).toEqual(['transient', 'unexpected']);
  });
});

describe('a line that a restart explains', () => {
  it.each([
    ['a refused connection', M1, dialed('m2', REFUSED)],
    ['a closed connection', M1, dialed('m2', 'EOF')],
    [
      'a lost stream',
      M1,
      understand(
        `lost the TCP streaming connection with peer ${idOf('m2')} (stream Message reader)`,
      ),
    ],
    [
      'a peer that became inactive',
      M1,
      understand(`peer ${idOf('m2')} became inactive (message send to peer failed)`),
    ],
    ['a 404', M2, understand(`failed to find member ${idOf('m1')} in cluster 1`)],
    ['an old URL dialed by the restarted member', M1, rejected(addressOf('m2'), PLAIN)],
  ])('is transient within the grace and unexpected after it: %s', (_what, member, finding) => {
    const lines = [seen(member, finding, BEGIN_MS + 100), seen(member, finding, LATE_MS)];
    expect(judgementsOf(inputOf(lines, { touched: M2 }))).toEqual(['transient', 'unexpected']);
  });

  it('is not explained by the restart of a third member', () => {
    const lines = [seen(M1, dialed('m2', REFUSED), BEGIN_MS + 100)];
    expect(judgementsOf(inputOf(lines, { touched: M3 }))).toEqual(['unexpected']);
  });

  it('has a grace that begins when the restarted member serves', () => {
    const serving = seen(M2, understand('listening for peers on 10.0.0.2:2380'), LATE_MS);
    const lines = [seen(M1, dialed('m2', REFUSED), LATE_MS), serving];
    expect(judgementsOf(inputOf(lines, { touched: M2 }))).toEqual(['transient', 'aside']);
  });

  it('does not cover a certificate that the restarted member refuses', () => {
    const lines = [seen(M2, rejected(addressOf('m1'), UNTRUSTED), BEGIN_MS + 100)];
    expect(judgementsOf(inputOf(lines, { touched: M2 }))).toEqual(['unexpected']);
  });
});

describe('the remote of a line', () => {
  it('is every member that shares the address, and one predicted pair is enough', () => {
    const after = onLoopback(withTrust(mixedWorld(), 'm2'));
    const finding = rejected('127.0.0.1', 'remote error: tls: bad certificate');
    expect(pairsOf(finding, M1, after)).toEqual([
      { from: 'm2', to: 'm1' },
      { from: 'm3', to: 'm1' },
    ]);
    expect(judgementsOf(inputOf([seen(M1, finding)], { after }))).toEqual(['expected']);
  });

  it.each(['10.9.9.9', addressOf('m1')])('is foreign at %s, and the gate passes', (address) => {
    const lines = [seen(M1, rejected(address, PLAIN), LATE_MS, 40)];
    const input = inputOf(lines, { nowMs: BEGIN_MS + QUIET_MS });
    expect(judgementsOf(input)).toEqual(['foreign']);
    const verdict = judgeLogs(input);
    expect(verdict.kind === 'pass' && verdict.evidence).toContain('40 from strangers');
  });

  it('may be any member whose source addresses are not known', () => {
    const world = httpsWorld();
    const nat = { ...memberOf(world, 'm2'), sources: { m1: unknown('behind NAT') } };
    const after = withMember(world, nat);
    const finding = rejected('10.9.9.9', PLAIN);
    expect(pairsOf(finding, M1, after)).toEqual([{ from: 'm2', to: 'm1' }]);
    expect(judgementsOf(inputOf([seen(M1, finding)], { after }))).toEqual(['unexpected']);
  });

  it('is foreign when its ID is of no member, and everybody when it is not told', () => {
    const world: World = httpsWorld();
    expect(pairsOf(dialed('m9', 'EOF'), M1, world)).toEqual([]);
    const mismatch = understand('request cluster ID mismatch (got 1 want 2)');
    expect(pairsOf(mismatch, M1, world)).toHaveLength(2);
    expect(judgementsOf(inputOf([seen(M1, mismatch)]))).toEqual(['unexpected']);
  });

  it('may have addresses that only a person knows', () => {
    const finding = rejected('192.0.2.7', PLAIN);
    const addresses = new Map([[M2, ['192.0.2.7']]]);
    expect(judgementsOf(inputOf([seen(M1, finding)], { addresses }))).toEqual(['unexpected']);
  });
});

describe('what a log was full of before', () => {
  const spans = new Map([[M1, 600_000]]);
  const scanner = rejected(addressOf('m2'), PLAIN);

  it('is no news at the same rate', () => {
    const noise = noiseOf([seen(M1, scanner, 0, 100)], httpsWorld(), spans);
    expect(noise).toMatchObject([{ perMinute: 10 }]);
    const lines = [seen(M1, scanner, LATE_MS, 2)];
    expect(judgementsOf(inputOf(lines, { noise }))).toEqual(['noise']);
  });

  it('is news at another rate, and from another member', () => {
    const noise = noiseOf([seen(M1, scanner, 0, 100)], httpsWorld(), spans);
    const lines = [seen(M1, scanner, LATE_MS, 20), seen(M1, rejected(addressOf('m3'), PLAIN))];
    expect(judgementsOf(inputOf(lines, { noise }))).toEqual(['unexpected', 'unexpected']);
  });

  it('is not what the world of that time explains: that must cease', () => {
    const text = 'remote error: tls: bad certificate';
    const line = seen(M1, rejected(addressOf('m2'), text), 0, 9000);
    expect(noiseOf([line], mixedWorld(), spans)).toEqual([]);
  });

  it('is not the restart that its end happened to hold', () => {
    const lost = understand(
      `lost the TCP streaming connection with peer ${idOf('m2')} (stream Message reader)`,
    );
    expect(noiseOf([seen(M1, lost, 0, 9000)], httpsWorld(), spans)).toEqual([]);
  });
});

describe('the verdict', () => {
  it('passes after the quiet time and no sooner', () => {
    const at = (nowMs: number): string => judgeLogs(inputOf([], { nowMs })).kind;
    expect(at(BEGIN_MS + QUIET_MS - 1)).toBe('hold');
    expect(at(BEGIN_MS + QUIET_MS)).toBe('pass');
    const early = judgeLogs(inputOf([], { nowMs: BEGIN_MS + QUIET_MS - 120 }));
    expect(early).toMatchObject({ forMs: 120 });
  });

  it('waits the quiet time out after the last transient line and the start of the member', () => {
    const lost = seen(M1, dialed('m2', REFUSED), BEGIN_MS + 2000);
    const serving = seen(M2, understand('listening for peers on 10.0.0.2:2380'), BEGIN_MS + 3000);
    for (const [lines, lastMs] of [
      [[lost], lost.readAtMs],
      [[lost, serving], serving.readAtMs],
    ] as const) {
      const at = (nowMs: number): string => judgeLogs(inputOf(lines, { touched: M2, nowMs })).kind;
      expect(at(lastMs + QUIET_MS - 1)).toBe('hold');
      expect(at(lastMs + QUIET_MS)).toBe('pass');
    }
  });

  it('holds with the words of the line, who said it, and how long it has been quiet', () => {
    const lines = [seen(M1, rejected(addressOf('m2'), UNTRUSTED), LATE_MS, 12)];
    expect(judgeLogs(inputOf(lines, { touched: M2 }))).toEqual({
      kind: 'hold',
      waitsFor: `a quiet log: m1 says "${UNTRUSTED}" of a dial from m2 (12 lines; quiet for 500 ms of 8.0 s)`,
      fault: 'ours',
    });
  });

  it('is a foreign hold when the pair does not contain the touched member', () => {
    const lines = [seen(M1, rejected(addressOf('m2'), UNTRUSTED))];
    expect(judgeLogs(inputOf(lines, { touched: M3 }))).toMatchObject({
      kind: 'hold',
      fault: 'foreign',
    });
  });

  it('passes when an unexpected line has ceased for the quiet time', () => {
    const lines = [seen(M1, rejected(addressOf('m2'), UNTRUSTED))];
    expect(judgeLogs(inputOf(lines, { nowMs: LATE_MS + QUIET_MS })).kind).toBe('pass');
  });

  it('does not judge what was read before', () => {
    const lines = [seen(M1, rejected(addressOf('m2'), UNTRUSTED), BEGIN_MS - 1)];
    expect(judgementsOf(inputOf(lines))).toEqual([]);
  });

  it('fails at once on doubtful data, and never as our fault: a roll-back would restart more', () => {
    const lines = [seen(M2, understand('alarm CORRUPT raised by peer 1'))];
    expect(judgeLogs(inputOf(lines, { touched: M2 }))).toMatchObject({
      kind: 'fail',
      fault: 'foreign',
    });
  });

  it('fails at once on a refusal to start, and not when the member serves by now', () => {
    const refusal = seen(
      M2,
      understand('listen tcp 10.0.0.2:2380: bind: address already in use'),
      BEGIN_MS,
    );
    const serving = seen(M2, understand('ready to serve client requests'), BEGIN_MS + 1000);
    expect(judgeLogs(inputOf([refusal], { touched: M2 }))).toMatchObject({
      kind: 'fail',
      fault: 'ours',
    });
    expect(judgeLogs(inputOf([refusal], { touched: M1 }))).toMatchObject({
      kind: 'fail',
      fault: 'foreign',
    });
    const late = { touched: M2, nowMs: LATE_MS + QUIET_MS };
    expect(judgeLogs(inputOf([refusal, serving], late)).kind).toBe('pass');
  });

  it('says whose log it has not seen', () => {
    const unreadable = new Map([[M2, 'no log is configured']]);
    const verdict = judgeLogs(inputOf([], { unreadable, nowMs: LATE_MS + QUIET_MS }));
    expect(verdict).toEqual({
      kind: 'pass',
      evidence:
        'no unexpected line for 8.0 s in the log of m1, m3; no log of m2 can be read (no log is configured)',
    });
  });

  it('does not claim a quiet log when there is none to read', () => {
    const unreadable = new Map([M1, M2, M3].map((name) => [name, 'gone'] as const));
    const verdict = judgeLogs(inputOf([], { unreadable, nowMs: LATE_MS + QUIET_MS }));
    expect(verdict.kind === 'pass' && verdict.evidence).not.toContain('no unexpected');
  });

  it('holds while a log is not read to its end', () => {
    const verdict = judgeLogs(inputOf([], { behind: [M2], nowMs: LATE_MS + QUIET_MS }));
    expect(verdict).toMatchObject({
      kind: 'hold',
      waitsFor: 'the log of m2 to be read to its end',
    });
  });

  it('is not moved by load, by the member list or by progress', () => {
    const lines = [
      seen(M1, understand('server is likely overloaded')),
      seen(M1, understand(`updated member ${idOf('m2')} [https://h:1] in cluster 1`)),
      seen(M1, understand(`peer ${idOf('m2')} became active`)),
    ];
    expect(judgementsOf(inputOf(lines))).toEqual(['aside', 'aside', 'aside']);
  });
});
