/** Goal: `explain` says of real trouble what its cause is, and of a healthy change that nothing is broken. Method: recorded clusters. */

import { describe, expect, it } from 'vitest';

import type { Leaf } from '../../src/model/certificate.ts';
import type { Explained } from '../../src/model/explain/story.ts';
import { memberOf } from '../../src/model/world.ts';
import {
  CORPUS_MEMBERS,
  CORPUS_SCENARIOS,
  CORPUS_VERSIONS,
  type CorpusScenario,
  WORLD,
  takesTheFlag,
  corpusLines,
  withLeaf,
} from '../support/corpus.ts';
import { type LogText, explainTexts } from '../support/explain.ts';
import { TLS_PATHS } from '../support/worlds.ts';

interface Verdict {
  readonly severity: 'error' | 'fatal';
  readonly from: string;
  readonly to: string | null;
  /** In its cause. */
  readonly words: RegExp;
}

const broken = (from: string, words: RegExp): Verdict => {
  return { severity: 'error', from, to: 'm3', words };
};
const refused = (words: RegExp): Verdict => ({ severity: 'fatal', from: 'm3', to: null, words });

/** What each recording must be taken for; the m2 of a half-done change does not trust m3 yet. */
const VERDICTS: Readonly<Record<CorpusScenario, readonly Verdict[]>> = {
  'benign-restart': [],
  'documented-order': [],
  'listen-before-advertise': [
    broken('m1', /m1 spoke plain http to m3 that speaks TLS/u),
    broken('m2', /m2 spoke plain http to m3 that speaks TLS/u),
  ],
  'advertise-before-listen': [broken('m2', /m2 spoke TLS to m3 that speaks plain http/u)],
  'others-without-certs': [
    broken('m1', /m1 has not loaded the CA of m3's leaf/u),
    broken('m2', /m2 has not loaded the CA of m3's leaf/u),
  ],
  'trust-only-no-client-cert': [
    broken(
      'm1',
      /m3 demands a client certificate and m1 showed none|m1 showed no client certificate/u,
    ),
    broken(
      'm2',
      /m3 demands a client certificate and m2 showed none|m2 showed no client certificate/u,
    ),
  ],
  'san-mismatch': [
    broken(
      'm1',
      /SANs of m1's leaf do not cover the address .* valid for (?:10\.9\.9\.9|127\.0\.0\.11), not 127\.0\.0\.1/u,
    ),
  ],
  'server-san-mismatch': [
    broken('m1', /m3's leaf does not name the host of its peer URL/u),
    broken('m2', /m3's leaf does not name the host of its peer URL/u),
  ],
  'eku-server-only': [broken('m1', /m1's leaf lacks the clientAuth key usage/u)],
  'wrong-ca': [broken('m1', /m3 has not loaded the CA of m1's leaf/u)],
  'expired-cert': [broken('m1', /m1's leaf is expired or not yet valid/u)],
  'missing-key': [refused(/nosuch\.pem: no such file or directory/u)],
  'https-without-certs': [refused(/KeyFile and CertFile are not presented/u)],
  'env-flag-conflict': [refused(/shadowed by corresponding command-line flag/u)],
};

/** While the recordings were made. */
const NOW_MS = Date.parse('2026-11-22T01:10:00Z');

function leafOf(changes: Partial<Leaf>): Leaf {
  const world = withLeaf(WORLD.switched('m1'), 'm1', changes);
  const content = memberOf(world, 'm1').disk.files[TLS_PATHS.leaf];
  if (content?.kind !== 'leaf') throw new Error('m1 has no leaf');
  return { ...content.leaf, notBeforeMs: NOW_MS - 1000, notAfterMs: NOW_MS + 1000 };
}

const textOf = (version: string, scenario: string, member: string): string => {
  return `${corpusLines(version, scenario, member).join('\n').trimEnd()}\n`;
};
const filesOf = (version: string, scenario: string): readonly LogText[] =>
  CORPUS_MEMBERS.map((name) => ({ name, text: textOf(version, scenario, name) }));

const isBad = ({ severity }: Explained): boolean => severity === 'error' || severity === 'fatal';
const lineOf = (found: Explained): string =>
  `${found.severity} ${found.from ?? '?'}>${found.to ?? '?'} ${found.code}: ${found.cause}`;

describe.each(CORPUS_VERSIONS)('the logs of a cluster of etcd %s', (version) => {
  it.each(CORPUS_SCENARIOS)('name the cause of %s, and the pair', async (scenario) => {
    const { findings } = await explainTexts(filesOf(version, scenario));
    const bad = findings.filter(isBad);
    const verdicts = takesTheFlag(version, scenario) ? [] : VERDICTS[scenario];
    for (const { severity, from, to, words } of verdicts) {
      const found = bad.filter((each) => {
        return each.severity === severity && each.from === from && each.to === to;
      });
      expect(found.map(({ cause }) => cause).join('\n'), bad.map(lineOf).join('\n')).toMatch(words);
    }
    if (verdicts.length === 0) expect(bad.map(lineOf)).toEqual([]);
    expect(bad.every(({ code }) => code !== 'dialer-other' && code !== 'listener-other')).toBe(
      true,
    );
  });

  it.each(['benign-restart', 'documented-order'] as const)(
    'raise no alarm over %s when they come one after another',
    async (scenario) => {
      const text = CORPUS_MEMBERS.map((member) => textOf(version, scenario, member)).join('');
      const { findings, logs } = await explainTexts([{ name: 'stdin', text }]);
      expect(logs.map(({ member }) => member)).toEqual(['m1', 'm2', 'm3']);
      expect(findings.filter(isBad).map(lineOf)).toEqual([]);
    },
  );

  it('are the same in one chunk and in many small ones', async () => {
    const files = filesOf(version, 'eku-server-only');
    const whole = await explainTexts(files);
    expect(await explainTexts(files, {}, 777)).toEqual(whole);
  });

  it('keep the same faults behind docker, journald and syslog', async () => {
    const wrap: Readonly<Record<string, (line: string, name: string) => string>> = {
      docker: (line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr', time: '' }),
      'journal json': (line, name) =>
        JSON.stringify({ __CURSOR: 's=1', _HOSTNAME: name, MESSAGE: line }),
      'journal export': (line, name) => `__CURSOR=s=1\n_HOSTNAME=${name}\nMESSAGE=${line}\n`,
      syslog: (line, name) => `Nov 22 05:41:19 ${name} etcd[12]: ${line}`,
    };
    const plain = await explainTexts(filesOf(version, 'wrong-ca'));
    const bad = plain.findings
      .filter(isBad)
      .map(({ code, from, to }) => `${code} ${from ?? ''} ${to ?? ''}`);
    for (const [form, work] of Object.entries(wrap)) {
      const texts = CORPUS_MEMBERS.map((name) => {
        const lines = textOf(version, 'wrong-ca', name).trimEnd().split('\n');
        return { name, text: `${lines.map((line) => work(line, name)).join('\n')}\n` };
      });
      const { findings } = await explainTexts(texts);
      const codes = findings
        .filter(isBad)
        .map(({ code, from, to }) => `${code} ${from ?? ''} ${to ?? ''}`);
      expect(codes, form).toEqual(bad);
    }
  });
});

describe('both ends with their certificates', () => {
  it('name what is wrong with a leaf, whatever the alert said', async () => {
    const logs = filesOf('3.4.23', 'eku-server-only');
    const leaf = leafOf({ clientAuth: false });
    const { findings } = await explainTexts(logs, {
      leaves: new Map([['m1', leaf]]),
      nowMs: NOW_MS,
    });
    const said = findings.filter(({ from, to }) => from === 'm1' && to === 'm3').filter(isBad);
    expect(said.map(({ code }) => code)).toContain('dialer-certificate-refused');
    for (const { cause } of said) expect(cause).toMatch(/^m1's leaf lacks clientAuth/u);
  });

  it('say which addresses a leaf is for, and from which one its dials come', async () => {
    const logs = filesOf('3.5.16', 'san-mismatch');
    const leaf = leafOf({ ipAddresses: ['10.9.9.9'] });
    const { findings } = await explainTexts(logs, {
      leaves: new Map([['m1', leaf]]),
      nowMs: NOW_MS,
    });
    const found = findings.find(({ code }) => code === 'listener-client-source');
    expect(found?.cause).toContain(
      "m1's leaf is valid for 10.9.9.9, not for 127.0.0.1, the address its dials to m3 come from",
    );
  });
});

describe('one log alone', () => {
  it('says that several members may be behind one address, and does not guess', async () => {
    const text = textOf('3.4.23', 'trust-only-no-client-cert', 'm3');
    const { findings, notes } = await explainTexts([{ name: 'm3', text }]);
    const found = findings.find(({ code }) => code === 'listener-no-client-certificate');
    expect(found).toMatchObject({ severity: 'error', from: null, to: 'm3' });
    expect(found?.maybe).toHaveLength(2);
    expect(found?.cause).toContain('the logs do not tell which');
    expect(notes.join()).toContain('was given: what only that end can tell is missing');
  });

  it('names nobody when it knows only one of those who may dial it', async () => {
    const { findings } = await explainTexts([
      { name: 'm3', text: textOf('3.4.23', 'wrong-ca', 'm3') },
    ]);
    const found = findings.find(({ code }) => code === 'listener-unknown-client-authority');
    expect(found).toMatchObject({ severity: 'error', from: null, to: 'm3' });
    expect(found?.maybe).toHaveLength(1);
  });

  it('has a stranger kept from the members when their addresses are known', async () => {
    const line =
      '2026-11-22 01:05:27.783963 I | embed: rejected connection from "10.8.8.8:5" (error "tls: first record does not look like a TLS handshake", ServerName "")\n';
    const named = [{ name: 'm2', addresses: ['10.0.0.2'] }];
    const text = textOf('3.4.23', 'benign-restart', 'm1') + line;
    const { findings } = await explainTexts([{ name: 'm1', text }], {
      named,
      areAddressesKnown: true,
    });
    const found = findings.find(({ code }) => code === 'listener-plain-http');
    expect(found).toMatchObject({ severity: 'info', from: null });
    expect(found?.cause).toContain('10.8.8.8 belongs to no member');
  });
});
