/** Turns bodies into journal entries with times, and a proven rollout into the journal of its whole run. */

import { isoTime } from '../../src/base/time.ts';
import { dialsThrough } from '../../src/model/dial-cells.ts';
import { type RunId, runId } from '../../src/model/ids.ts';
import type { Effect, JournalBody, JournalEntry } from '../../src/model/journal.ts';
import type { ProvenRollout } from '../../src/model/proof.ts';
import { type RunState, foldJournal } from '../../src/model/run-state.ts';
import type { Step } from '../../src/model/step.ts';
import { NOW_MS } from './worlds.ts';

export const RUN: RunId = runId('20261122T054119-k3f9');

/** One after the other, each `gapMs` after the one before. */
export function entriesOf(bodies: readonly JournalBody[], gapMs = 1000): readonly JournalEntry[] {
  return bodies.map((body, index) => {
    return { v: 1, run: RUN, seq: index + 1, at: isoTime(NOW_MS + index * gapMs), ...body };
  });
}

/** The fold of entries that must be a history that a run can have. */
export function stateOf(entries: readonly JournalEntry[]): RunState {
  const folded = foldJournal(entries);
  if (!folded.ok) throw new Error(folded.error);
  return folded.value;
}

/** Opened, locked and planned. */
export function beginning(proven: ProvenRollout): readonly JournalBody[] {
  const { rollout } = proven;
  return [
    {
      type: 'opened',
      program: 'peershift 0.1.0',
      planName: rollout.planName,
      planFile: 'plans/prod.yaml',
      clusterId: rollout.clusterId,
      start: rollout.start.members.map(({ name, id, disk }) => ({
        name,
        id,
        urls: rollout.start.record[name] ?? [],
        settings: disk.settings,
        configDigest: `config-of-${name}`,
      })),
    },
    {
      type: 'locked',
      key: `/peershift/${rollout.clusterId}/lock`,
      leaseId: '7587883',
      createRevision: '41',
    },
    planned(proven, 'a new run'),
  ];
}

export function planned({ rollout, proof, worlds }: ProvenRollout, because: string): JournalBody {
  const { direction, steps } = rollout;
  const { rules, worldCount, rollbackWorldCount, assumptions } = proof;
  return {
    type: 'planned',
    direction,
    because,
    steps,
    digest: `digest-of-${direction}`,
    accepted: [],
    windows: proof.windows,
    dials: dialsThrough(worlds),
    leader: rollout.start.leader,
    proof: { rules, worldCount, rollbackWorldCount, assumptions },
  };
}

/** Intended, done, and its gate passed. */
export function stepBodies(steps: readonly Step[], index: number): readonly JournalBody[] {
  const step = steps[index];
  if (step === undefined) throw new Error(`no step ${String(index)}`);
  const gate: readonly JournalBody[] =
    step.after === undefined
      ? []
      : [
          {
            type: 'gate',
            step: step.id,
            verdict: { kind: 'pass', evidence: '3/3 healthy; 6/6 peer links up' },
            tookMs: 8200,
          },
        ];
  return [
    { type: 'intended', step: step.id, index },
    { type: 'done', step: step.id, effects: effectsOf(step) },
    ...gate,
  ];
}

/** A run from its first entry to its last, with nothing going wrong. */
export function wholeRun(proven: ProvenRollout): readonly JournalBody[] {
  const { steps } = proven.rollout;
  return [
    ...beginning(proven),
    ...steps.flatMap((_step, index) => stepBodies(steps, index)),
    { type: 'unlocked' },
    { type: 'closed', outcome: 'done', failure: undefined },
  ];
}

function effectsOf(step: Step): readonly Effect[] {
  switch (step.kind) {
    case 'take-snapshot':
      return [
        { kind: 'backed-up', path: 'state/backup.db', sha256: 'b0'.repeat(32), sizeBytes: 20_512 },
      ];
    case 'install-certificates':
      return step.files.map(({ path }) => {
        return { kind: 'file-installed', member: step.member, path, digest: 'f1'.repeat(32) };
      });
    case 'reissue-leaf': {
      const { member, path } = step;
      const keptPath = `${path}.peershift-${RUN}`;
      return [{ kind: 'leaf-replaced', member, path, digest: 'f2'.repeat(32), keptPath }];
    }
    case 'remove-certificates':
      return step.paths.map((path) => ({ kind: 'file-removed', member: step.member, path }));
    case 'configure-member':
    case 'record-cluster': {
      const backupPath = `/etc/default/etcd.peershift-${RUN}`;
      return [{ kind: 'config-written', member: step.member, digest: 'c0'.repeat(32), backupPath }];
    }
    case 'restart-member':
    case 'start-member':
      return [{ kind: 'restarted', member: step.member, pid: 4711 }];
    case 'restart-together':
    case 'restore-cluster':
      return [
        ...step.members.map((member) => ({ kind: 'restarted' as const, member, pid: 4711 })),
        { kind: 'stood-still', ms: 1200 },
      ];
    case 'advertise-peer':
      return [{ kind: 'updated', member: step.member, urls: step.to }];
    case 'transfer-leader':
      return [{ kind: 'led', from: step.from, to: step.to }];
    case 'arm-dead-man':
      return [{ kind: 'armed', member: step.member, firesAt: '2026-01-02T03:06:05.000Z' }];
    case 'disarm-dead-man':
      return [{ kind: 'disarmed', member: step.member }];
    case 'issue-certificates':
    case 'stop-member':
    case 'check-links':
    case 'check-clients':
      return [];
  }
}
