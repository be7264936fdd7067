/** Goal: a saved rollout is run as it is or not at all. Method: one is saved, and the world moves under it. */

import { describe, expect, it } from 'vitest';
import { memberName } from '../../../src/model/ids.ts';
import type { ProvenRollout } from '../../../src/model/proof.ts';
import { parseSaved, savedRollout, staleBecause } from '../../../src/model/saved-rollout.ts';
import type { World } from '../../../src/model/world.ts';
import { desiredFor, provenFor } from '../../support/rollouts.ts';
import { httpWorld } from '../../support/worlds.ts';

const proven = provenFor(httpWorld());
const FROM = { program: 'peershift 0.1.0', planFile: '/srv/plan.yaml', planDigest: 'aa' };
const saved = savedRollout(proven, FROM);

function parsed(text: string): unknown {
  const answer = parseSaved(text);
  return answer?.ok === false ? answer.error : answer?.value;
}

describe('a saved rollout', () => {
  it('comes back as it was saved, and is what would be done', () => {
    expect(parsed(JSON.stringify(saved, undefined, 2))).toEqual(saved);
    expect(staleBecause(saved, proven)).toBeUndefined();
  });

  it('is not stale because time went by while certificates are still to be made', () => {
    const later = { ...httpWorld(), nowMs: httpWorld().nowMs + 3_600_000 };
    expect(staleBecause(saved, provenFor(later))).toBeUndefined();
  });

  it('is told apart from a plan file, and refused when it is broken', () => {
    expect(parseSaved('version: 1\nname: x\n')).toBeUndefined();
    expect(parsed('{"peershift": "rollout", "v": 1')).toContain('no JSON');
    expect(parsed('{"peershift": "rollout", "v": 9}')).toContain('version');
    expect(parsed('{"peershift": "rollout", "v": 1, "steps": [1]}')).toMatch(/planFile.*steps/u);
  });

  it('names the first step that would be another one now', () => {
    const other = provenFor(httpWorld(), { ...desiredFor(httpWorld()), strategy: 'trust-first' });
    expect(staleBecause(saved, other)).toMatch(/^step \d+ was ".+" and would be ".+" now$/u);
  });

  it('is stale for another cluster, for a step that waits otherwise, and for a leader that moved', () => {
    const { rollout } = proven;
    const changed = (changes: Partial<ProvenRollout['rollout']>): ProvenRollout => {
      return { ...proven, rollout: { ...rollout, ...changes } };
    };
    expect(staleBecause(saved, changed({ clusterId: 'b' }))).toContain('this one is b');
    const [first, ...rest] = rollout.steps;
    if (first === undefined) throw new Error('a rollout has steps');
    const waits = { ...first, after: { checks: [], quietMs: 1, timeoutMs: 1 } };
    expect(staleBecause(saved, changed({ steps: [waits, ...rest] }))).toContain('something else');
    const start: World = { ...rollout.start, leader: memberName('m3') };
    expect(staleBecause(saved, changed({ start }))).toContain('leader');
  });
});
