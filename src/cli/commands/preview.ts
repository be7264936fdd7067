/** preview: the ordered steps, gates, undo and proof; nothing is changed. */

import { configEdits } from '../../discover/config-edits.ts';
import { compareStrategies } from '../../engine-compare.ts';
import { prepare } from '../../engine.ts';
import type { Prepared } from '../../engine-types.ts';
import { advisedOf, compareText } from '../../show/compare.ts';
import { type PreviewInput, previewJson, previewText } from '../../show/preview.ts';
import { type Session, type SessionFlags, refuse, withPlan } from '../session.ts';

export interface PreviewFlags extends SessionFlags {
  readonly exitCode?: boolean | undefined;
  readonly compare?: boolean | undefined;
}

const EXIT_CHANGES = 10;

export async function preview(planFile: string, flags: PreviewFlags): Promise<number> {
  return withPlan(planFile, flags, async (session) => {
    const { output, rim, options } = session;
    if (flags.compare === true) return compare(session);
    const prepared = await prepare(rim, options);
    if (!prepared.ok) return refuse(output, prepared.error);
    await showPreview(session, prepared.value);
    const hasChanges = prepared.value.proven.rollout.steps.length > 0;
    const exit = hasChanges && flags.exitCode === true ? EXIT_CHANGES : 0;
    output.outcome(exit, hasChanges ? 'CHANGES' : 'NOTHING_TO_DO', undefined);
    return exit;
  });
}

async function compare({ output, rim, options }: Session): Promise<number> {
  const rows = await compareStrategies(rim, options);
  if (!rows.ok) return refuse(output, rows.error);
  const advised = advisedOf(rows.value)?.strategy;
  const preview = { strategies: rows.value, advised };
  const text = compareText(rows.value, rim.desired.strategy, output.paint);
  output.result(text, { type: 'preview', preview });
  output.outcome(0, 'COMPARED', undefined);
  return 0;
}

export async function showPreview(
  { output, rim }: Session,
  prepared: Prepared,
  isAboutToRun = false,
): Promise<void> {
  const input: PreviewInput = {
    ...prepared,
    desired: rim.desired,
    observedAgoMs: rim.clock.nowMs() - prepared.observed.observedAtMs,
    settings: [`records in ${rim.store.path}`],
    edits: await configEdits(rim.doors, prepared.proven.rollout.steps),
    isAboutToRun,
  };
  output.result(previewText(input, output.paint), { type: 'preview', preview: previewJson(input) });
}
