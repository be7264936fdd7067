/**
 * Goal: each link is shown by the best witness there is, and none is believed against a later word. Method:
 * three members in memory whose probers tick as etcd's do, and a log and dials that a test speaks for.
 */

import { describe, expect, it } from 'vitest';

import { err, ok } from '../../../../src/base/result.ts';
import { memberName } from '../../../../src/model/ids.ts';
import type { DialEvidence, LineEvidence } from '../../../../src/model/link-cell.ts';
import { type World, allPairs } from '../../../../src/model/world.ts';
import type { EtcdMember } from '../../../../src/ports.ts';
import { type LinkProbe, makeLinkProbe } from '../../../../src/run/gates/links.ts';
import type { RunDoors } from '../../../../src/run/run-doors.ts';
import { FakeClock, failureWith } from '../../../support/fake-doors.ts';
import { httpWorld, httpsWorld, withTls } from '../../../support/worlds.ts';

const NAMES = ['m1', 'm2', 'm3'];
const HISTOGRAM = 'etcd_network_peer_round_trip_time_seconds';

class Bench {
  readonly clock = new FakeClock(1_000_000);
  /** `a>b` that no probe gets through. */
  readonly broken = new Set<string>();
  /** Members whose metrics cannot be read, and those that count nothing. */
  readonly hidden = new Set<string>();
  readonly countless = new Set<string>();
  readonly lines = new Map<string, LineEvidence>();
  readonly deaf = new Set<string>();
  readonly dials = new Map<string, DialEvidence['result']>();
  readonly asked: string[] = [];
  reissues = 0;
  readonly #since = new Map<string, number>();
  readonly probe: LinkProbe;

  constructor(world: World = httpsWorld(3)) {
    const ids = new Map(world.members.map(({ name, id }) => [name, id]));
    const etcd = new Map(world.members.map(({ name }) => [name, this.#member(world, name)]));
    const doors = {
      clock: this.clock,
      ids,
      etcd,
      dialLinks: (pairs: readonly string[]) => {
        this.asked.push(...pairs);
        const ends = pairs.map((pair) => {
          const result = this.dials.get(pair) ?? 'answered';
          return [pair, { result, because: `a dial is ${result}` }] as const;
        });
        return Promise.resolve(new Map(ends));
      },
    } as unknown as RunDoors;
    this.probe = makeLinkProbe(doors, {
      expected: world,
      pairs: allPairs(NAMES),
      touched: memberName('m1'),
      isFenced: () => Promise.resolve(true),
      lines: () => this.lines,
      unheard: (name) => (this.deaf.has(name) ? 'no log is configured' : undefined),
    });
  }

  /** Polls each half second until there is an answer, or that long. */
  async until(maxMs: number): ReturnType<LinkProbe['poll']> {
    const endMs = this.clock.ms + maxMs;
    for (;;) {
      const verdict = await this.probe.poll();
      if (verdict.kind !== 'hold' || this.clock.ms >= endMs) return verdict;
      this.clock.ms += 500;
    }
  }

  says(pair: string, quote = 'm1 logs "x509"'): void {
    this.lines.set(pair, { quote, readAtMs: this.clock.ms, isNamed: true });
  }

  #member(world: World, name: string): EtcdMember {
    const status = { appliedIndex: 1 };
    return {
      status: () => Promise.resolve(ok(status)),
      updatePeerUrls: (id: string) => {
        const target = world.members.find((each) => each.id === id)?.name ?? '';
        this.reissues += 1;
        for (const from of NAMES) this.#since.set(`${from}>${target}`, this.clock.ms);
        return Promise.resolve(ok(undefined));
      },
      metrics: () => {
        if (this.hidden.has(name)) return Promise.resolve(err(failureWith('ETCD_REFUSED', '404')));
        return Promise.resolve(ok(this.#metrics(world, name)));
      },
    } as unknown as EtcdMember;
  }

  #metrics(world: World, name: string): ReadonlyMap<string, number> {
    const samples = new Map<string, number>();
    if (this.countless.has(name)) return samples;
    for (const peer of world.members) {
      const sinceMs = this.#since.get(`${name}>${peer.name}`) ?? this.clock.ms;
      const ticks = Math.floor((this.clock.ms - sinceMs) / 5000);
      const seconds = this.broken.has(`${name}>${peer.name}`) ? 0 : 0.002;
      // What was counted before the probes began anew is far more.
      samples.set(`${HISTOGRAM}_count{To="${peer.id}"}`, sinceMs / 1000 + 2 * ticks);
      samples.set(`${HISTOGRAM}_sum{To="${peer.id}"}`, 40 + seconds * ticks);
    }
    return samples;
  }
}

const sourceOf = (bench: Bench, pair: string): string | undefined =>
  bench.probe.result().cells[pair]?.source;

describe('the links gate', () => {
  it('passes on one tick of every prober, and names its source', async () => {
    const bench = new Bench();
    const verdict = await bench.until(6000);
    expect(verdict).toEqual({
      kind: 'pass',
      evidence: '6/6 peer links up on fresh probes, as predicted',
    });
    expect(Object.values(bench.probe.result().cells).map(({ source }) => source)).toEqual(
      new Array(6).fill('metrics'),
    );
    expect(bench.asked).toEqual([]);
    expect(bench.reissues).toBe(3);
  });

  it('fails on the second look that no probe got through', async () => {
    const bench = new Bench();
    bench.broken.add('m2>m1');
    expect(await bench.until(30_000)).toEqual({
      kind: 'fail',
      because: 'm2 to m1: not reached by fresh probes, predicted good',
      fault: 'ours',
    });
    expect(bench.reissues).toBe(6);
    expect(bench.probe.result()).toMatchObject({ blocked: ['m2>m1'], unobserved: ['m2>m1'] });
  });

  it('takes a pass back when a log names the pair later, and probes that anew', async () => {
    const bench = new Bench();
    expect(await bench.until(6000)).toMatchObject({ kind: 'pass' });
    bench.clock.ms += 100;
    bench.says('m1>m2');
    const verdict = await bench.probe.poll();
    expect(verdict).toMatchObject({ kind: 'hold', fault: 'ours' });
    expect(JSON.stringify(verdict)).toContain('m1 to m2: m1 logs');
    expect(await bench.until(7000)).toMatchObject({ kind: 'pass' });
    expect(bench.reissues).toBe(6);
  });

  it('holds for good where a log speaks against every new probe', async () => {
    const bench = new Bench();
    let verdict = await bench.until(6000);
    for (let second = 0; second < 60; second += 1) {
      bench.clock.ms += 1000;
      bench.says('m1>m2');
      verdict = await bench.probe.poll();
      expect(verdict.kind).toBe('hold');
    }
    expect(JSON.stringify(verdict)).toMatch(/these links: m1 to m2: m1 logs .*, predicted good/u);
    expect(bench.probe.result().blocked).toEqual(['m1>m2']);
    expect(sourceOf(bench, 'm1>m2')).toBe('log');
    // The first round, and three that answered the log.
    expect(bench.reissues).toBe(12);
  });

  it('is carried by dials where a member shows no metrics', async () => {
    const bench = new Bench();
    bench.hidden.add('m1');
    const verdict = await bench.until(6000);
    expect(verdict).toEqual({
      kind: 'pass',
      evidence:
        "6/6 peer links up, as predicted (m1 to m2, m1 to m3 by dials from the dialing member's host; any other on fresh probes)",
    });
    expect(bench.asked.sort()).toEqual(['m1>m2', 'm1>m3']);
  });

  it('is carried by dials where a member counts no round trips at all', async () => {
    const bench = new Bench();
    bench.countless.add('m3');
    expect(await bench.until(40_000)).toMatchObject({ kind: 'pass' });
    expect(sourceOf(bench, 'm3>m1')).toBe('dial');
    expect(sourceOf(bench, 'm1>m3')).toBe('metrics');
  });

  it('holds where there are neither metrics nor a log', async () => {
    const bench = new Bench();
    bench.hidden.add('m1');
    bench.deaf.add('m1');
    const verdict = await bench.until(30_000);
    expect(verdict).toMatchObject({ kind: 'hold' });
    expect(JSON.stringify(verdict)).toContain('no log can speak against it (no log is configured)');
    expect(bench.probe.result()).toMatchObject({
      blocked: [],
      unobserved: ['m1>m2', 'm1>m3'],
    });
  });

  it('fails on the second dial that is refused', async () => {
    const bench = new Bench();
    bench.hidden.add('m1');
    bench.dials.set('m1>m2', 'refused');
    expect(await bench.until(30_000)).toEqual({
      kind: 'fail',
      because: 'm1 to m2: a dial is refused, predicted good',
      fault: 'ours',
    });
    expect(bench.asked.filter((pair) => pair === 'm1>m2')).toHaveLength(2);
  });

  it('never dials what must be refused: a log has to say that it is', async () => {
    // m1 speaks TLS alone, and the others have no leaf yet.
    const bench = new Bench(withTls(httpWorld(3), 'm1'));
    bench.hidden.add('m2');
    bench.broken.add('m3>m1');
    expect(await bench.until(30_000)).toMatchObject({ kind: 'hold' });
    expect(bench.asked).not.toContain('m2>m1');
    bench.says('m2>m1', 'm2 logs "x509"');
    expect(await bench.until(30_000)).toMatchObject({ kind: 'pass' });
    expect(sourceOf(bench, 'm2>m1')).toBe('log');
  });
});
