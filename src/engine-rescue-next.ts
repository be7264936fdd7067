/** What a person can do once quorum is there: a run that was proven just now, or the reason why none is. */

import { look, prepare, proveSession } from './engine.ts';
import type { Options, Rim } from './engine-types.ts';
import { type Past, unfinishedRun } from './engine-records.ts';
import { STRATEGIES } from './model/desired.ts';
import type { Failure } from './model/failure.ts';

export interface NextStep {
  readonly text: string;
  /** Members can be looked at and planned for, and no order of steps could be proven. */
  readonly isStuck: boolean;
}

/** Looks at the cluster as `run` does and proves what it names; nothing is changed. */
export async function nextStep(rim: Rim, options: Options): Promise<NextStep> {
  const past = await unfinishedRun(rim);
  if (past.ok && past.value !== undefined) {
    return { text: await afterRun(rim, options, past.value), isStuck: false };
  }
  const { planFile, strategy } = rim.desired;
  const run = `peershift run ${planFile}`;
  const session = await look(rim, options);
  if (!session.ok) return { text: refusedText(run, session.error), isStuck: false };
  const proofOf = (each: typeof strategy): ReturnType<typeof proveSession> => {
    return proveSession(
      { ...rim, desired: { ...rim.desired, strategy: each } },
      options,
      session.value,
    );
  };
  const own = proofOf(strategy);
  if (own.ok)
    return { text: `${run} brings every member to what the plan asks for`, isStuck: false };
  const others = STRATEGIES.filter((each) => each !== strategy && each !== 'rebuild');
  const other = others.find((each) => proofOf(each).ok);
  if (other === undefined) return { text: refusedText(run, own.error), isStuck: true };
  const text = `write strategy: ${other} into ${planFile}, then ${run}; ${strategy} is refused from here: ${whyOf(own.error)}`;
  return { text, isStuck: false };
}

async function afterRun(rim: Rim, options: Options, { files, state }: Past): Promise<string> {
  const { planFile } = rim.desired;
  const [back, on] = await Promise.all([
    prepare(rim, options, state, 'rollback'),
    prepare(rim, options, state, state.direction),
  ]);
  const waysOn = [
    back.ok
      ? `peershift rollback ${planFile} brings it back`
      : refusedText(`peershift rollback ${planFile}`, back.error),
    on.ok
      ? `peershift resume ${planFile} goes on with it`
      : refusedText(`peershift resume ${planFile}`, on.error),
  ];
  return `run ${files.id} is unfinished: ${waysOn.join(', ')}`;
}

function refusedText(command: string, failures: readonly Failure[]): string {
  const remedies = [...new Set(failures.map(({ remedy }) => remedy))].join('; ');
  return `${command} is refused from here: ${whyOf(failures)}; do: ${remedies}`;
}

function whyOf(failures: readonly Failure[]): string {
  return failures.map(({ code, where, but }) => `${code} ${where}: ${but}`).join('; ');
}
