/** Goal: status tells what is there and what to do next. Method: goldens of a whole and a broken cluster. */

import { describe, expect, it } from 'vitest';
import { dialMatrix } from '../../../src/model/dial.ts';
import type { JournalBody, RunOutcome } from '../../../src/model/journal.ts';
import { memberName } from '../../../src/model/ids.ts';
import { type ObservedState, known, unknown } from '../../../src/model/observed.ts';
import type { RunState } from '../../../src/model/run-state.ts';
import { standing, statusJson, statusText } from '../../../src/show/status.ts';
import { expectGolden } from '../../support/golden.ts';
import { beginning, entriesOf, stateOf, stepBodies, wholeRun } from '../../support/journals.ts';
import { observedOf } from '../../support/observed.ts';
import { provenFor } from '../../support/rollouts.ts';
import { memberOf, withMember } from '../../../src/model/world.ts';
import { httpWorld, httpsWorld, idOf, mixedWorld, withDown } from '../../support/worlds.ts';

const proven = provenFor(httpWorld());
const { steps } = proven.rollout;

/** Eight steps done, the ninth begun, closed as given. */
function runWith(outcome: RunOutcome): RunState {
  const bodies: readonly JournalBody[] = [
    ...beginning(proven),
    ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((index) => stepBodies(steps, index)),
    { type: 'closed', outcome, failure: undefined },
  ];
  return stateOf(entriesOf(bodies));
}

describe('status', () => {
  it('of a finished cluster reads as its golden', () => {
    const world = httpsWorld();
    const run = stateOf(entriesOf(wholeRun(proven)));
    const text = statusText({ observed: observedOf(world), matrix: dialMatrix(world), run });
    expectGolden('show/status-done.txt', text);
  });

  it('of a half-migrated cluster with gaps reads as its golden', () => {
    const { world, observed } = troubled();
    const text = statusText({ observed, matrix: dialMatrix(world), run: runWith('paused') });
    expectGolden('show/status-troubled.txt', text);
  });

  it('keeps its table narrow: what is unknown or wrong is told below it', () => {
    const world = httpWorld(1);
    const observed = observedOf(world);
    const reason = `no endpoint of the plan file answers as this member; ${'late '.repeat(30)}`;
    const members = observed.members.map((member) => {
      return { ...member, status: unknown(reason), health: unknown(reason) };
    });
    const text = statusText({
      observed: { ...observed, members },
      matrix: new Map(),
      run: undefined,
    });
    const lines = text.split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
    expect(lines.find((line) => /^m1 .*pid/u.test(line))).toMatch(/ unknown .* unknown /u);
    expect(text.replace(/\s+/gu, ' ')).toContain(`version and health: ${reason.trim()}`);
    expect(text).toContain('one member: there are no peer links');
  });

  it('gives the reason for every dial that fails or is unknown', () => {
    const { world, observed } = troubled();
    const matrix = dialMatrix(world);
    const text = statusText({ observed, matrix, run: undefined });
    const failing = [...matrix.values()].flatMap((answer) => {
      return answer.can === 'yes' ? [] : [answer];
    });
    expect(failing.map((answer) => answer.can)).toContain('unknown');
    for (const { because } of failing) expect(text.replace(/\s+/gu, ' ')).toContain(because);
  });

  it.each([
    ['paused', /peershift resume .* peershift rollback /u],
    ['interrupted', /peershift resume .* peershift rollback /u],
    ['needs-person', /read the failure/u],
    ['refused', /peershift run /u],
  ] as const)('of a run that is %s says what to do next', (outcome, words) => {
    expect(standing(runWith(outcome)).next).toMatch(words);
  });

  it('says of a step in hand that it may have happened', () => {
    const [intended] = stepBodies(steps, 0);
    if (intended === undefined) throw new Error('a step begins with its intent');
    const run = stateOf(entriesOf([...beginning(proven), intended]));
    expect(standing(run).stands).toContain('may or may not have happened');
  });

  it('is plain data for machines, with reasons kept', () => {
    const { world, observed } = troubled();
    const data: unknown = JSON.parse(
      JSON.stringify(statusJson({ observed, matrix: dialMatrix(world), run: runWith('paused') })),
    );
    expect(data).toMatchObject({
      matrix: { 'm2>m1': { can: 'no', reason: 'no-trust' } },
      run: { outcome: 'paused', stands: expect.stringContaining('8 of') as string },
    });
  });
});

/** m1 is https, m4 is down, m3 has loaded nobody knows what, and somebody edited m2's file. */
function troubled(): { world: ReturnType<typeof httpWorld>; observed: ObservedState } {
  const down = withDown(mixedWorld(4), 'm4');
  const m3 = memberOf(down, 'm3');
  const process = m3.process && {
    ...m3.process,
    pool: unknown('the CA file is newer than the process'),
  };
  const world = withMember(down, { ...m3, process });
  const observed = observedOf(world);
  return {
    world,
    observed: {
      ...observed,
      alarms: known([{ member: 'm2', alarm: 'NOSPACE' }]),
      strangers: [{ name: 'm9', id: idOf('m9'), kind: 'not-in-plan' }],
      members: observed.members.map((member) => {
        if (member.name !== memberName('m2')) return member;
        const contradictions = [
          'peer-cert-file: the process has none, the file has /etc/etcd/pki/peer.pem',
        ];
        const health = known({ isHealthy: false, reason: 'NOSPACE' });
        return { ...member, contradictions, health };
      }),
    },
  };
}
