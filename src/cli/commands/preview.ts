/** preview: the ordered steps, gates, undo and proof; nothing is changed. */

import { type Result, ok } from '../../base/result.ts';
import { lookAtClients } from '../../discover/client-looks.ts';
import { configEdits } from '../../discover/config-edits.ts';
import { compareStrategies } from '../../engine-compare.ts';
import { prepare } from '../../engine.ts';
import type { Prepared } from '../../engine-types.ts';
import { canaryPrefix } from '../../model/canary.ts';
import type { Failure } from '../../model/failure.ts';
import { savedRollout } from '../../model/saved-rollout.ts';
import { advisedOf, compareText } from '../../show/compare.ts';
import { mermaidOf, svgOf } from '../../show/graph.ts';
import { type PreviewInput, previewJson, previewText } from '../../show/preview.ts';
import { saveAsked } from '../asked-file.ts';
import { planDigestOf } from '../saved-plan.ts';
import { type Session, type SessionFlags, refuse, withPlan } from '../session.ts';

export interface PreviewFlags extends SessionFlags {
  readonly exitCode?: boolean | undefined;
  readonly compare?: boolean | undefined;
  /** A picture of it instead of the page. */
  readonly graph?: 'mermaid' | 'svg' | undefined;
  /** Where the rollout is to be saved, for `run FILE`. */
  readonly out?: string | undefined;
}

const EXIT_CHANGES = 10;

export async function preview(planFile: string, flags: PreviewFlags): Promise<number> {
  return withPlan(planFile, flags, async (session) => {
    const { output, rim, options } = session;
    if (flags.compare === true) return compare(session);
    // Only shown: the page says what it would take, and `run` asks for it.
    const acceptDowntime = options.acceptDowntime || rim.desired.strategy === 'rebuild';
    const prepared = await prepare(rim, { ...options, acceptDowntime });
    if (!prepared.ok) return refuse(output, prepared.error);
    if (flags.graph === undefined) await showPreview(session, prepared.value);
    else await showGraph(session, prepared.value, flags.graph);
    const saved = flags.out === undefined ? ok('') : await save(session, prepared.value, flags.out);
    if (!saved.ok) return refuse(output, [saved.error]);
    if (flags.out !== undefined)
      output.progress(`saved: ${saved.value}; peershift run does exactly this`);
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

/** For `run FILE`: what is proven now, as plain data, with what it was made from. */
async function save(
  { rim, options }: Session,
  { proven }: Prepared,
  file: string,
): Promise<Result<string, Failure>> {
  const { planFile } = rim.desired;
  const digest = await planDigestOf(planFile);
  const planDigest = digest.ok ? digest.value : '';
  const saved = savedRollout(proven, { program: options.program, planFile, planDigest });
  return saveAsked(file, `${JSON.stringify(saved, undefined, 2)}\n`, 'save the rollout');
}

async function showGraph(
  session: Session,
  prepared: Prepared,
  kind: 'mermaid' | 'svg',
): Promise<void> {
  const preview = previewJson(await inputOf(session, prepared));
  const text = kind === 'mermaid' ? mermaidOf(preview) : svgOf(preview);
  session.output.result(text, { type: 'preview', preview });
}

export async function showPreview(
  session: Session,
  prepared: Prepared,
  isAboutToRun = false,
): Promise<void> {
  const { output } = session;
  const input = await inputOf(session, prepared, isAboutToRun);
  output.result(previewText(input, output.paint), { type: 'preview', preview: previewJson(input) });
}

async function inputOf(
  { rim }: Session,
  prepared: Prepared,
  isAboutToRun = false,
): Promise<PreviewInput> {
  const hooks = Object.entries(rim.desired.hooks) as [string, readonly string[] | undefined][];
  const called = hooks.flatMap(([point, argv]) => {
    return argv === undefined ? [] : [`hook ${point}: ${argv.join(' ')}`];
  });
  return {
    ...prepared,
    desired: rim.desired,
    observedAgoMs: rim.clock.nowMs() - prepared.observed.observedAtMs,
    settings: [`records in ${rim.store.path}`, ...canaryLines(rim, prepared), ...called],
    edits: await configEdits(rim.doors, prepared.proven.rollout.steps),
    ...(await backupProof(rim, prepared)),
    isAboutToRun,
    ...(rim.desired.clients === undefined
      ? {}
      : { clients: await lookAtClients(rim.doors, prepared.observed, prepared.world) }),
  };
}

function canaryLines({ desired }: Session['rim'], { proven }: Prepared): readonly string[] {
  const { canary } = desired.gates;
  if (canary === false) return [];
  const writes = canary.writes ? ['writes and reads'] : [];
  const does = [...writes, 'keeps a lease alive'].join(', ');
  const prefix = canaryPrefix(proven.rollout.clusterId);
  return [
    `canary: ${does} through every member all run long; keys below ${prefix}, removed at the end`,
  ];
}

/** What the run will show of its snapshot, with the programs that this machine has. */
async function backupProof(
  { restorer }: Session['rim'],
  { observed, proven }: Prepared,
): Promise<Pick<PreviewInput, 'backupProof'>> {
  if (proven.rollout.steps.every(({ kind }) => kind !== 'take-snapshot')) return {};
  const status = observed.members.map((member) => member.status).find(({ known }) => known);
  if (status?.known !== true) return {};
  const tools = await restorer.tools(status.value.version);
  const backup = tools.known
    ? `it is restored into a scratch member here (${tools.value.words}) and compared by HashKV`
    : `its hash is checked, it is not restored: ${tools.reason}`;
  return { backupProof: backup };
}
