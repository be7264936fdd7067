/** Turns the file that `run` was given into the plan file to run, and, where it is a saved rollout, what is expected of it. */

import { readFile } from 'node:fs/promises';

import { sha256 } from '../base/digest.ts';
import { type Result, err, ok } from '../base/result.ts';
import { systemErrorText } from '../base/system-error.ts';
import type { Failure } from '../model/failure.ts';
import { type SavedRollout, parseSaved } from '../model/saved-rollout.ts';

export interface PlanToRun {
  readonly planFile: string;
  /** Undefined: it is a plan file, and whatever is proven now may run. */
  readonly expects: SavedRollout | undefined;
}

/** ROLLOUT_STALE for a saved rollout that is broken, or whose plan file is another one by now. */
export async function planToRun(file: string): Promise<Result<PlanToRun, Failure>> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const saved = text === undefined ? undefined : parseSaved(text);
  // What cannot be read is told by whoever reads it as a plan file.
  if (saved === undefined) return ok({ planFile: file, expects: undefined });
  if (!saved.ok) return err(stale(file, saved.error));
  const { planFile, planDigest } = saved.value;
  const digest = await planDigestOf(planFile);
  if (!digest.ok) return err(stale(file, `its plan file cannot be read: ${digest.error}`));
  if (digest.value !== planDigest) {
    return err(stale(file, `${planFile} is not the plan file that it was made from any more`));
  }
  return ok({ planFile, expects: saved.value });
}

/** SHA-256 of the text; the reason when it cannot be read. */
export async function planDigestOf(planFile: string): Promise<Result<string, string>> {
  try {
    return ok(sha256(await readFile(planFile, 'utf8')));
  } catch (error) {
    return err(systemErrorText(error));
  }
}

function stale(where: string, but: string): Failure {
  return {
    code: 'ROLLOUT_STALE',
    where,
    would: 'carry out exactly what was saved',
    but,
    so: 'nothing has been changed',
    remedy: 'look again and save it anew: peershift preview PLAN --out FILE',
  };
}
