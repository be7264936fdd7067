/** Goal: an operator sees everything before saying yes. Method: goldens of real plans, and what they must hold. */

import { describe, expect, it } from 'vitest';
import { say } from '../../../src/model/laws.ts';
import { prove } from '../../../src/prove/prove.ts';
import { type PreviewInput, previewJson, previewText } from '../../../src/show/preview.ts';
import { planRestore, restoreWords } from '../../../src/plan/plan-restore.ts';
import { RESCUE_RULES } from '../../../src/prove/rescue-rules.ts';
import { restoreRisks } from '../../../src/show/restore-text.ts';
import { expectGolden } from '../../support/golden.ts';
import { observedOf } from '../../support/observed.ts';
import { desiredFor, plannedFor, provenBack, provenFor } from '../../support/rollouts.ts';
import { httpWorld, httpsWorld, mixedWorld, withDown } from '../../support/worlds.ts';
import type { World } from '../../../src/model/world.ts';

function inputFor(world: World, changes: Partial<PreviewInput> = {}): PreviewInput {
  return {
    proven: provenFor(world),
    observed: observedOf(world),
    desired: desiredFor(world),
    warnings: [],
    observedAgoMs: 4000,
    settings: [],
    ...changes,
  };
}

describe('the preview', () => {
  it('of three http members reads as its golden', () => {
    const input = inputFor(httpWorld(), {
      warnings: ['/etc/default/etcd on m1 is readable by everybody (0644)'],
      settings: ['state is kept in plans/.peershift/prod-etcd'],
    });
    expectGolden('show/preview-http.txt', previewText(input));
  });

  it('of a half-migrated cluster reads as its golden', () => {
    const world = mixedWorld();
    const proven = provenFor(world, desiredFor(world), 'forward only');
    const input = { proven, observed: observedOf(world), desired: desiredFor(world) };
    const text = previewText({ ...input, warnings: [], observedAgoMs: 61_000, settings: [] });
    expectGolden('show/preview-mixed.txt', text);
  });

  it('of a rollback reads as its golden', () => {
    const start = httpWorld();
    const proven = provenBack(start, httpsWorld());
    const text = previewText(inputFor(start, { proven, observed: observedOf(httpsWorld()) }));
    expectGolden('show/preview-rollback.txt', text);
  });

  it('of a new cluster from one database says what is at risk, and claims no lock in the cluster', () => {
    const lost = ['m2', 'm3'].map((name) => [name, 'its data are gone'] as const);
    const world = withDown(withDown(httpsWorld(), 'm2'), 'm3');
    const [m1] = world.members;
    if (m1 === undefined) throw new Error('no members');
    const desired = desiredFor(world);
    const what = restoreWords(world, m1.name, [m1.name]);
    const rollout = planRestore({ desired, world, clusterId: 'cdf818194e3a8c32', what });
    const options = { accept: [], rollbackFrom: undefined, invariants: RESCUE_RULES };
    const proven = prove(rollout, options);
    if (!proven.ok) throw new Error(proven.error.but);
    const warnings = restoreRisks(what, new Map(lost));
    const input = inputFor(httpsWorld(), { proven: proven.value, warnings });
    expectGolden('show/preview-restore.txt', previewText(input));
  });

  it('of one member counts neither links nor members', () => {
    const start = httpWorld(1);
    const options = { accept: ['downtime', 'hand-over'], rollbackFrom: undefined };
    const proven = prove(plannedFor(start), options);
    if (!proven.ok) throw new Error(proven.error.but);
    const desired = desiredFor(start);
    const observed = observedOf(start);
    const input = { ...inputFor(httpWorld()), proven: proven.value, observed, desired };
    const text = previewText(input);
    expect(text).toContain('one member: there are no peer links');
    expect(text).not.toMatch(/\b0 of 0\b|\b0\/0\b|\b1 members\b|\bon 1\/1\b/u);
  });

  it('of a finished cluster says that there is nothing to do', () => {
    expectGolden('show/preview-empty.txt', previewText(inputFor(finished())));
  });

  it('ends by saying that nothing has been changed', () => {
    for (const world of [httpWorld(), finished()]) {
      expect(previewText(inputFor(world)).split('\n').at(-1)).toBe('nothing has been changed');
    }
  });

  it('has a line for every step, gate, setting and file', () => {
    const input = inputFor(httpWorld());
    const text = previewText(input);
    const { steps } = input.proven.rollout;
    for (const [index, step] of steps.entries()) {
      expect(text).toContain(`  ${String(index + 1)}  ${say(step)}`);
    }
    const { length: gates } = steps.filter((step) => step.after !== undefined);
    expect(text.match(/hold until {2}/gu)).toHaveLength(gates);
    expect(text).toMatch(/ETCD_PEER_CERT_FILE +\(unset\) → \/etc\/etcd\/pki\/peer\.pem/u);
    expect(text).toContain('/etc/etcd/pki: ca.pem, peer.pem, peer-key.pem');
  });

  it('spells settings as the member keeps them', () => {
    const world = httpWorld();
    const desired = desiredFor(world);
    const members = desired.members.map((member, index) => {
      const config = { format: index === 0 ? 'flags' : 'yaml', path: '/etc/etcd.conf' } as const;
      return { ...member, config };
    });
    const text = previewText(inputFor(world, { desired: { ...desired, members } }));
    expect(text).toContain('--listen-peer-urls');
    expect(text).toMatch(/ {2}listen-peer-urls/u);
    expect(text).not.toContain('ETCD_LISTEN');
  });

  it('opens and closes every degraded window, with its pairs and risk', () => {
    const input = inputFor(httpWorld());
    const text = previewText(input);
    const { windows } = input.proven.proof;
    expect(windows.length).toBeGreaterThan(0);
    for (const index of windows.keys()) {
      expect(text).toMatch(new RegExp(`window ${String(index + 1)} +opens: .* cannot dial `, 'u'));
      expect(text).toMatch(new RegExp(`window ${String(index + 1)} +closes: `, 'u'));
    }
    expect(text.match(/at risk/gu)).toHaveLength(windows.length);
  });

  it('keeps within its columns', () => {
    const lines = previewText(inputFor(httpWorld())).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(128);
  });
});

describe('the preview as data', () => {
  it('survives JSON, has every step, and never what a file holds', () => {
    const input = inputFor(httpWorld());
    const data = previewJson(input);
    expect(JSON.parse(JSON.stringify(data))).toEqual(JSON.parse(JSON.stringify(data)));
    expect(data.steps.map((step) => step.id)).toEqual(
      input.proven.rollout.steps.map((step) => step.id),
    );
    expect(JSON.stringify(data)).not.toContain('keyId');
  });

  it('has the dials before the first step and after each phase', () => {
    const { matrices, steps } = previewJson(inputFor(httpWorld()));
    const phases = steps.map(({ phase }) => phase);
    expect(matrices.map(({ phase }) => phase)).toEqual([undefined, ...new Set(phases)]);
    expect(matrices[0]?.cells).toEqual(matrices.at(-1)?.cells);
  });

  it('closes each window after the step that the proof names', () => {
    const input = inputFor(httpWorld());
    const { windows } = previewJson(input);
    expect(windows.map(({ opensAfter, closesAfter }) => [opensAfter, closesAfter])).toEqual(
      input.proven.proof.windows.map(({ fromStep, toStep }) => [fromStep + 1, toStep + 1]),
    );
  });
});

/** All steps of a rollout behind us: planning again finds nothing. */
function finished(): World {
  const end = provenFor(httpWorld()).worlds.at(-1);
  if (end === undefined) throw new Error('a rollout ends in a world');
  return end;
}
