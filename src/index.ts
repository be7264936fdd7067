/**
 * The library: plan file text in, a migrated cluster out, one function a stage, as the command does it.
 *
 *   declare(text) -> connect -> discover -> plan -> prove -> run
 *
 * Expected trouble comes back as `{ ok: false, error }` with failures of five lines; what is thrown is a bug.
 * src/docs/library-example.mjs is a whole program.
 */

import { type Result, err } from './base/result.ts';
import { PROGRAM } from './cli/program.ts';
import { freshRunId } from './cli/run-id.ts';
import { compose } from './compose.ts';
import { unsupported } from './declare/supported.ts';
import { runPlan } from './engine-run.ts';
import type { Ended, Options, Prepared, Rim, Session } from './engine-types.ts';
import { look, planForward, proveIt } from './engine.ts';
import type { DesiredSpec } from './model/desired.ts';
import type { PeershiftEvent } from './model/event.ts';
import type { Failure } from './model/failure.ts';
import type { ProvenRollout } from './model/proof.ts';
import type { Rollout } from './model/rollout.ts';
import { savedRollout } from './model/saved-rollout.ts';

export { declare } from './declare/declare.ts';
export { failureText } from './show/failure-text.ts';
export { previewJson, previewText } from './show/preview.ts';
export type { DesiredSpec, Ended, Failure, PeershiftEvent, Prepared, ProvenRollout, Rollout };
/** Everything at the rim that one plan file needs; `close` it at the end. */
export type { Rim as Connection, Session as Seen };

export interface LibraryOptions {
  /** One- and two-member clusters: a pause in writes is taken at each restart. */
  readonly acceptDowntime?: boolean;
  /** Names of members that may be down from the start. */
  readonly tolerateDown?: readonly string[];
  /** Everything that happens, as `--json` prints it. */
  readonly onEvent?: (event: PeershiftEvent) => void;
}

export interface ConnectOptions {
  /** Where runs are recorded; default: `.peershift` beside the plan file. */
  readonly stateDirectory?: string;
  /** Where passwords are looked up; default: none. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** desired spec -> open hosts and clients. NOT_SUPPORTED_YET, HOST_*, ARGUMENTS_INVALID; nothing is changed. */
export async function connect(
  desired: DesiredSpec,
  options: ConnectOptions = {},
): Promise<Result<Rim, Failure>> {
  const missing = unsupported(desired);
  if (missing.length > 0) {
    return err({
      code: 'NOT_SUPPORTED_YET',
      where: desired.planFile,
      would: 'carry out the plan file as it is written',
      but: `not supported yet: ${missing.join(', ')}`,
      so: 'nothing has been looked at or changed',
      remedy: 'choose another value for the keys named above',
    });
  }
  const { stateDirectory, environment = {} } = options;
  return compose({ desired, stateDirectory, environment });
}

/** live cluster -> what was seen, with everything a plan is made from; all reasons why not. Changes nothing. */
export async function discover(
  connection: Rim,
  options: LibraryOptions = {},
): Promise<Result<Session, readonly Failure[]>> {
  return look(connection, optionsOf(options));
}

/** what was seen -> the ordered steps; none when the cluster is what the plan file asks for. Pure. */
export function plan(connection: Rim, seen: Session): Result<Rollout, readonly Failure[]> {
  return planForward(connection, seen);
}

/** rollout -> proven rollout, or UNSAFE_ROLLOUT with the shortest story that breaks a rule. Pure. */
export function prove(
  connection: Rim,
  seen: Session,
  rollout: Rollout,
  options: LibraryOptions = {},
): Result<ProvenRollout, Failure> {
  return proveIt(connection, optionsOf(options), seen, rollout);
}

/**
 * Carries out exactly what was proven: it looks and proves again first, and answers ROLLOUT_STALE (exit 3, nothing
 * changed) when that leads to anything else. `exit` is the command's; `reportPath` the page of the run.
 */
export async function run(
  connection: Rim,
  proven: ProvenRollout,
  options: LibraryOptions = {},
): Promise<Ended> {
  const { planFile } = connection.desired;
  return runPlan({
    rim: connection,
    options: optionsOf(options),
    expects: savedRollout(proven, { program: PROGRAM, planFile, planDigest: '' }),
    confirm: () => Promise.resolve({ pauses: {} }),
    onStop: () => undefined,
  });
}

function optionsOf({ acceptDowntime, tolerateDown, onEvent }: LibraryOptions): Options {
  return {
    acceptDowntime: acceptDowntime === true,
    tolerateDown: tolerateDown ?? [],
    program: PROGRAM,
    owner: `library pid ${String(process.pid)}`,
    newRunId: () => freshRunId(),
    events: { emit: (event) => onEvent?.(event) },
  };
}
