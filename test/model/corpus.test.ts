/** Goal: real logs of real trouble are read right. Method: recorded clusters, judged in the worlds they were in. */

import { describe, expect, it } from 'vitest';

import { memberName } from '../../src/model/ids.ts';
import { type Judged, type LogsInput, judgeEach } from '../../src/model/log-each.ts';
import { judgeLogs } from '../../src/model/log-judge.ts';
import { parseLogLine } from '../../src/model/log-line.ts';
import { classify, ignoredBecause, isTransient } from '../../src/model/signatures.ts';
import type { World } from '../../src/model/world.ts';
import {
  CORPUS_MEMBERS,
  CORPUS_SCENARIOS,
  CORPUS_VERSIONS,
  type CorpusScenario,
  WORLD,
  takesTheFlag,
  corpusLines,
  corpusSightings,
  withLeaf,
  withPoolOnly,
} from '../support/corpus.ts';
import { touchedMembers } from '../../src/model/step.ts';

const QUIET_MS = 8000;

interface Step {
  readonly touched: string;
  readonly before: World;
  readonly after: World;
  /** The step begins with the stop of the touched member; the first one with the recording. */
  readonly isRestart: boolean;
}

const restart = (touched: string, before: World, after: World): Step => {
  return { touched, before, after, isRestart: true };
};

/** What was done, and the worlds as they really were. */
function trueSteps(scenario: CorpusScenario): readonly Step[] {
  const { http, advertised, listening, switched } = WORLD;
  const withBadLeaf = (changes: Parameters<typeof withLeaf>[2]): readonly Step[] => {
    const bad = withLeaf(switched('m1'), 'm1', changes);
    const both = withLeaf(switched('m1', 'm2'), 'm1', changes);
    return [restart('m1', switched(), bad), restart('m2', bad, both)];
  };
  switch (scenario) {
    case 'benign-restart':
      return ['m1', 'm2', 'm3'].map((name) => restart(name, http(), http()));
    case 'documented-order':
      return [
        { touched: 'm3', before: http(), after: advertised(), isRestart: false },
        restart('m3', advertised(), switched()),
        restart('m1', switched(), switched('m1')),
        restart('m2', switched('m1'), switched('m1', 'm2')),
      ];
    case 'listen-before-advertise':
      return [restart('m3', http(), listening())];
    case 'advertise-before-listen':
      return [restart('m1', advertised(), advertised())];
    case 'others-without-certs':
      return [restart('m3', advertised(), switched())];
    case 'trust-only-no-client-cert': {
      const trusting = (world: World): World => withPoolOnly(withPoolOnly(world, 'm1'), 'm2');
      return [restart('m3', trusting(advertised()), trusting(switched()))];
    }
    case 'san-mismatch':
      return withBadLeaf({ ipAddresses: ['10.9.9.9'] });
    case 'server-san-mismatch': {
      const good = switched('m1', 'm2');
      const plain = {
        ...advertised(),
        members: [...good.members.slice(0, 2), ...advertised().members.slice(2)],
      };
      const nameless = withLeaf(good, 'm3', { ipAddresses: [], dnsNames: ['m3.example'] });
      return [restart('m3', plain, nameless)];
    }
    case 'eku-server-only':
      return withBadLeaf({ clientAuth: false });
    case 'wrong-ca':
      return withBadLeaf({ trustedBy: ['ca-2'] });
    case 'expired-cert':
      return withBadLeaf({ notAfterMs: 0 });
    default:
      return [restart('m3', http(), http())];
  }
}

/** What was meant: the last world, as it would be with nothing wrong in it. */
function meantStep(scenario: CorpusScenario): Step {
  const { http, advertised, switched } = WORLD;
  const [done] = trueSteps(scenario);
  const touched = done?.touched ?? 'm3';
  if (touched === 'm1' && scenario !== 'advertise-before-listen') {
    return restart('m1', switched(), switched('m1'));
  }
  const meant = switched('m1', 'm2');
  if (scenario === 'advertise-before-listen') return restart(touched, meant, meant);
  const before = scenario === 'listen-before-advertise' ? http() : advertised();
  return restart(touched, before, meant);
}

/** The findings of each step, judged at its end. */
function judgeSteps(version: string, scenario: string, steps: readonly Step[]): readonly Judged[] {
  const inputs = inputsOf(version, scenario, steps);
  return inputs.flatMap((input) => judgeEach(input));
}

function inputsOf(version: string, scenario: string, steps: readonly Step[]): readonly LogsInput[] {
  const sightings = corpusSightings(version, scenario);
  const starts: number[] = [];
  for (const { touched, isRestart } of steps) {
    const after = starts.at(-1) ?? 0;
    const stop = sightings.find(({ member, finding, readAtMs }) => {
      return member === touched && finding.code === 'stopping' && readAtMs > after;
    });
    if (isRestart && starts.length > 0) starts.push(stop?.readAtMs ?? Infinity);
    else starts.push(sightings[0]?.readAtMs ?? 0);
  }
  return steps.flatMap((step, index) => {
    const sinceMs = starts[index] ?? Infinity;
    const endMs = starts[index + 1] ?? Infinity;
    const within = sightings.filter(({ readAtMs }) => readAtMs >= sinceMs && readAtMs < endMs);
    const lastMs = within.at(-1)?.readAtMs;
    if (lastMs === undefined) return [];
    return [inputOf(step, within, sinceMs, lastMs)];
  });
}

function inputOf(
  step: Step,
  sightings: LogsInput['sightings'],
  sinceMs: number,
  nowMs: number,
): LogsInput {
  return {
    sightings,
    noise: [],
    unreadable: new Map(),
    behind: [],
    before: step.before,
    after: step.after,
    touched: memberName(step.touched),
    sinceMs,
    nowMs,
    quietMs: QUIET_MS,
  };
}

function textOf({ sighting, judgement, pairs }: Judged): string {
  const about = pairs.map(({ from, to }) => `${from}>${to}`).join(' ');
  return `${judgement}: ${sighting.member} ${sighting.finding.code} ${about}: ${sighting.finding.essence}`;
}

const isBad = ({ judgement }: Judged): boolean =>
  judgement === 'unexpected' || judgement === 'fatal';

const LINKS = CORPUS_SCENARIOS.filter((each) => !isRefusal(each));

function isRefusal(scenario: CorpusScenario): boolean {
  return ['missing-key', 'https-without-certs', 'env-flag-conflict'].includes(scenario);
}

/** Go's version decides how much a dialer is told of why its certificate was refused. */
const REFUSED = /^dialer-(?:certificate-(?:refused|required|expired)|unknown-authority)$/u;

/** All that is said beyond what any restart brings, by who says it. */
const TELLING: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'benign-restart': {},
  'documented-order': {
    m1: ['dialer-https-to-plain', 'dialer-untrusted-server'],
    m2: ['dialer-https-to-plain', 'dialer-untrusted-server'],
    m3: ['listener-certificate-refused', 'listener-plain-http'],
  },
  'listen-before-advertise': { m3: ['listener-plain-http'] },
  'advertise-before-listen': { m2: ['dialer-https-to-plain'] },
  'others-without-certs': {
    m1: ['dialer-https-to-plain', 'dialer-untrusted-server'],
    m2: ['dialer-https-to-plain', 'dialer-untrusted-server'],
    m3: ['listener-certificate-refused'],
  },
  'trust-only-no-client-cert': {
    m1: ['dialer-https-to-plain', 'dialer-refused'],
    m2: ['dialer-https-to-plain', 'dialer-refused'],
    m3: ['listener-no-client-certificate'],
  },
  'san-mismatch': {
    m2: ['dialer-untrusted-server'],
    m3: ['listener-certificate-refused', 'listener-client-source', 'listener-plain-http'],
  },
  'server-san-mismatch': {
    m1: ['dialer-https-to-plain', 'dialer-server-name'],
    m2: ['dialer-https-to-plain', 'dialer-server-name'],
    m3: ['listener-certificate-refused'],
  },
  'eku-server-only': {
    m1: ['dialer-refused'],
    m2: ['dialer-untrusted-server'],
    m3: ['listener-certificate-refused', 'listener-client-usage', 'listener-plain-http'],
  },
  'wrong-ca': {
    m1: ['dialer-refused'],
    m2: ['dialer-untrusted-server'],
    m3: [
      'listener-certificate-refused',
      'listener-plain-http',
      'listener-unknown-client-authority',
    ],
  },
  'expired-cert': {
    m1: ['dialer-refused'],
    m2: ['dialer-untrusted-server'],
    m3: ['listener-certificate-refused', 'listener-client-expired', 'listener-plain-http'],
  },
};

/** What a run that meant well would find unexpected, on every version; m3's words name the reason. */
const UNEXPECTED: Readonly<Partial<Record<CorpusScenario, readonly string[]>>> = {
  'listen-before-advertise': ['m3 listener-plain-http'],
  'advertise-before-listen': ['m2 dialer-https-to-plain'],
  'others-without-certs': ['m1 dialer-untrusted-server', 'm3 listener-certificate-refused'],
  'trust-only-no-client-cert': ['m3 listener-no-client-certificate'],
  'san-mismatch': ['m3 listener-client-source'],
  'server-san-mismatch': ['m1 dialer-server-name', 'm3 listener-certificate-refused'],
  'eku-server-only': ['m3 listener-client-usage'],
  'wrong-ca': ['m3 listener-unknown-client-authority'],
  'expired-cert': ['m3 listener-client-expired'],
};

describe.each(CORPUS_VERSIONS)('a cluster of etcd %s', (version) => {
  it.each(CORPUS_SCENARIOS)('has no warning about peers that is not known, in %s', (scenario) => {
    const unknown = CORPUS_MEMBERS.flatMap((member) => {
      return corpusLines(version, scenario, member).filter((text) => {
        const line = parseLogLine(text);
        if (line === undefined) return text.trim() !== '';
        const isPlain = line.form === 'plain' && !/^raft\d/u.test(line.message);
        const isLoud = ['warning', 'error', 'critical'].includes(line.level ?? '');
        const isKnown = classify(line) !== undefined || ignoredBecause(line) !== undefined;
        return (isLoud || isPlain) && !isKnown;
      });
    });
    expect(unknown).toEqual([]);
  });

  it.each(LINKS)('tells what is wrong in %s, and nothing that is not', (scenario) => {
    // Once restarted, m1 meets m3's plain listener too; one of the recordings was cut before that.
    const isCut = scenario === 'advertise-before-listen';
    const seen = corpusSightings(version, scenario);
    for (const member of CORPUS_MEMBERS.filter((name) => name !== 'm1' || !isCut)) {
      const codes = seen
        .filter((each) => each.member === member && each.finding.kind === 'peer-link')
        .filter(({ finding }) => !isTransient(finding))
        .map(({ finding }) => finding.code.replace(REFUSED, 'dialer-refused'));
      // Whether a member that replays its log gets as far as a dial of the old URL is a matter of moments.
      const isTold = (code: string): boolean =>
        code !== 'listener-plain-http' || scenario === 'listen-before-advertise';
      const wanted = (TELLING[scenario]?.[member] ?? []).filter(isTold);
      const told = [...new Set(codes)].filter(isTold).sort();
      expect(told, `${member} in ${scenario}`).toEqual(wanted);
    }
  });

  it.each(LINKS)('says nothing in %s that its true worlds do not explain', (scenario) => {
    const judged = judgeSteps(version, scenario, trueSteps(scenario));
    expect(judged.length).toBeGreaterThan(20);
    expect(judged.filter(isBad).map(textOf)).toEqual([]);
  });

  it.each(Object.keys(UNEXPECTED) as CorpusScenario[])(
    'holds the gate of a run that did not mean %s, and says why',
    (scenario) => {
      const steps = [meantStep(scenario), ...trueSteps(scenario).slice(1)];
      const [input] = inputsOf(version, scenario, steps);
      if (input === undefined) throw new Error('nothing was recorded');
      const bad = judgeEach(input).filter(isBad);
      const said = bad.map(({ sighting }) => `${sighting.member} ${sighting.finding.code}`);
      expect(said).toEqual(expect.arrayContaining([...(UNEXPECTED[scenario] ?? [])]));
      const lastMs = bad.at(-1)?.sighting.readAtMs ?? 0;
      const early = judgeLogs({ ...input, nowMs: lastMs + QUIET_MS - 1 });
      // Where m2 alone says that it cannot dial m3, it was m1 that was restarted.
      const recent = bad.filter(({ sighting }) => sighting.readAtMs > lastMs - 1);
      const isOfOthers = recent.every(({ sighting, pairs }) => {
        const about = [sighting.member, ...pairs.flatMap(({ from, to }) => [from, to])];
        return !touchedMembers(input.touched).some((name) => about.includes(name));
      });
      const fault = isOfOthers ? 'foreign' : 'ours';
      if (scenario !== 'advertise-before-listen') expect(fault).toBe('ours');
      expect(early).toMatchObject({ kind: 'hold', fault });
      expect(early.kind === 'hold' && early.waitsFor).toMatch(/a quiet log: m[123] says "/u);
    },
  );

  it.each(['benign-restart', 'documented-order'] as const)('passes after %s', (scenario) => {
    const verdicts = inputsOf(version, scenario, trueSteps(scenario)).map((input) => {
      return judgeLogs({ ...input, nowMs: input.nowMs + QUIET_MS });
    });
    expect(verdicts.length).toBeGreaterThan(2);
    expect(verdicts.filter(({ kind }) => kind !== 'pass')).toEqual([]);
  });

  it.each([
    ['missing-key', 'open /etc/etcd/pki/nosuch.pem: no such file or directory'],
    ['https-without-certs', 'KeyFile and CertFile are not presented'],
    ['env-flag-conflict', 'shadowed by corresponding command-line flag'],
  ] as const)('fails the gate at once when m3 refuses to start (%s)', (scenario, reason) => {
    // The flag wins there: the next test has it.
    if (takesTheFlag(version, scenario)) return;
    const [input] = inputsOf(version, scenario, trueSteps(scenario));
    if (input === undefined) throw new Error('nothing was recorded');
    const verdict = judgeLogs(input);
    expect(verdict).toMatchObject({ kind: 'fail', fault: 'ours' });
    expect(verdict.kind === 'fail' && verdict.because).toContain(reason);
  });
});

describe('a member of etcd 3.3 with one setting both as a flag and in its environment', () => {
  it('takes the flag, says so, and is no worse for it', () => {
    const step = [restart('m3', WORLD.http(), WORLD.http())];
    const [input] = inputsOf('3.3.25', 'env-flag-conflict', step);
    if (input === undefined) throw new Error('nothing was recorded');
    expect(judgeEach(input).filter(isBad).map(textOf)).toEqual([]);
    expect(judgeLogs({ ...input, nowMs: input.nowMs + QUIET_MS })).toMatchObject({ kind: 'pass' });
  });
});
