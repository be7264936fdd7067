/** Turns a service of systemd into its files as they are on disk and what they say together. */

import { sha256 } from '../../base/digest.ts';
import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer, Host } from '../../ports.ts';
import {
  type ServiceLines,
  type TextFile,
  type UnitEffect,
  effectOf,
  environmentPaths,
  serviceLines,
} from './unit-effect.ts';

export interface UnitView {
  /** `etcd.service`. */
  readonly unit: string;
  /** The unit file first, then the drop-ins in the order in which they count. */
  readonly files: readonly TextFile[];
  readonly lines: ServiceLines;
  readonly effect: UnitEffect;
  /** Of the unit, its drop-ins and its environment files together. */
  readonly digest: string;
}

/** Two questions to the manager over its bus; a reload of hundreds of units takes a few seconds. */
const SYSTEMCTL_MS = 30_000;

export function unitName(name: string): string {
  return name.endsWith('.service') ? name : `${name}.service`;
}

/**
 * Read from disk, since that is what the next start takes after a reload. Which files there are is
 * systemd's to say; those in the folder of `ours` count from the moment they exist.
 */
export async function viewUnit(host: Host, name: string, ours?: string): Answer<UnitView> {
  const unit = unitName(name);
  const paths = await unitPaths(host, unit);
  if (!paths.ok) return paths;
  const all =
    ours === undefined ? paths.value : withDropIns(paths.value, await unloaded(host, ours));
  const files: TextFile[] = [];
  for (const path of all) {
    const text = await textOf(host, path);
    if (!text.ok) return text;
    // Gone since systemd looked: after a reload it is gone for good.
    if (text.value !== undefined) files.push({ path, text: text.value });
  }
  return await viewOf(host, unit, files);
}

async function viewOf(host: Host, unit: string, files: readonly TextFile[]): Answer<UnitView> {
  const lines = serviceLines(files);
  const environmentTexts = new Map<string, string>();
  for (const path of environmentPaths(lines, unit)) {
    const text = await textOf(host, path);
    if (!text.ok) return text;
    if (text.value !== undefined) environmentTexts.set(path, text.value);
  }
  const hostName = await hostNameFor(host, files);
  if (!hostName.ok) return hostName;
  const effect = effectOf({ lines, unit, hostName: hostName.value, environmentTexts });
  const named = [...files.map(({ path, text }) => [path, text] as const), ...environmentTexts];
  const digest = sha256(JSON.stringify(named));
  return ok({ unit, files, lines, effect, digest });
}

async function unitPaths(host: Host, unit: string): Answer<readonly string[]> {
  const names = ['LoadState', 'FragmentPath', 'DropInPaths'];
  const argv = ['systemctl', 'show', ...names.flatMap((name) => ['-p', name]), unit];
  const shown = await host.exec(argv, { deadlineMs: SYSTEMCTL_MS });
  if (!shown.ok) return shown;
  const of = (name: string): string =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(shown.value.stdout)?.[1] ?? '';
  const fragment = of('FragmentPath');
  if (shown.value.exitCode === 0 && fragment.startsWith('/')) {
    const dropIns = of('DropInPaths')
      .split(' ')
      .filter((path) => path.startsWith('/'));
    return ok([fragment, ...dropIns]);
  }
  const said = shown.value.stderr.trim() || `LoadState=${of('LoadState')}, no FragmentPath`;
  return err(unreadable(host, unit, said));
}

/** Drop-ins beside ours that are on disk; systemd sees them at its next reload, which every change of ours asks for. */
async function unloaded(host: Host, ours: string): Promise<readonly string[]> {
  const folder = ours.slice(0, ours.lastIndexOf('/'));
  const listed = await host.exec(['ls', '-1A', folder], { deadlineMs: SYSTEMCTL_MS });
  if (!listed.ok || listed.value.exitCode !== 0) return [];
  const names = listed.value.stdout.split('\n').filter((name) => name.endsWith('.conf'));
  return names.map((name) => `${folder}/${name}`);
}

/** systemd reads drop-ins by the order of their file names, wherever they lie; of one name the first folder's. */
function withDropIns(paths: readonly string[], more: readonly string[]): readonly string[] {
  const [fragment = '', ...dropIns] = paths;
  const isNew = (path: string): boolean => dropIns.every((each) => compareNames(each, path) !== 0);
  return [fragment, ...[...dropIns, ...more.filter(isNew)].sort(compareNames)];
}

/** By the bytes of the names, as strcmp does. */
export function compareNames(a: string, b: string): number {
  const name = (path: string): Buffer => Buffer.from(path.slice(path.lastIndexOf('/') + 1), 'utf8');
  return Buffer.compare(name(a), name(b));
}

async function textOf(host: Host, path: string): Answer<string | undefined> {
  const file = await host.readFile(path);
  if (!file.ok) return file;
  return ok(file.value === undefined ? undefined : Buffer.from(file.value.bytes).toString('utf8'));
}

async function hostNameFor(host: Host, files: readonly TextFile[]): Answer<string | undefined> {
  if (!files.some(({ text }) => /%[Hl]/.test(text))) return ok(undefined);
  const asked = await host.exec(['uname', '-n'], { deadlineMs: SYSTEMCTL_MS });
  return asked.ok ? ok(asked.value.stdout.trim()) : asked;
}

/** The manager reads all units anew; what is only on disk has no effect before. */
export async function daemonReload(host: Host, unit: string): Answer<undefined> {
  const argv = ['systemctl', 'daemon-reload'];
  const run = await host.exec(argv, { deadlineMs: SYSTEMCTL_MS });
  if (!run.ok) return run;
  return judged(host, unit, run.value.exitCode, run.value.stderr);
}

function judged(
  host: Host,
  unit: string,
  exitCode: number | undefined,
  stderr: string,
): Result<undefined, Failure> {
  if (exitCode === 0) return ok(undefined);
  return err({
    code: 'HOST_COMMAND_FAILED',
    where: `${unit} on ${host.label}`,
    would: 'let systemd read the changed unit (systemctl daemon-reload)',
    but: `it exited with ${String(exitCode ?? 'a signal')}: ${stderr.trim()}`,
    so: 'the new settings are on disk and have no effect yet',
    remedy: 'run systemctl daemon-reload by hand on the host and see what it says',
  });
}

function unreadable(host: Host, unit: string, said: string): Failure {
  return {
    code: 'CONFIG_UNREADABLE',
    where: `${unit} on ${host.label}`,
    would: 'read the settings of the unit',
    but: `systemctl show ${unit} says: ${said}`,
    so: 'the settings of the next start are not known',
    remedy: 'correct the unit under service in the plan file (systemctl list-units names them)',
  };
}
