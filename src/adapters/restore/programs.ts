/** Turns what is on PATH into the programs that can restore a snapshot of a version, or into why none can. */

import { type Fact, known, unknown } from '../../model/observed.ts';
import type { Host, RestoreTools } from '../../ports.ts';

const LOOK_MS = 15_000;
/** etcdctl of 3.3 speaks the second API unless it is told. */
const API = 'ETCDCTL_API=3';
/** etcdutl came with 3.5, which still has etcdctl's own restore; 3.6 has not. */
const RESTORERS = ['etcdutl', 'etcdctl'] as const;

/** A file format and its hash are those of a line of versions: another line says nothing for sure. */
export async function restoreTools(here: Host, version: string): Promise<Fact<RestoreTools>> {
  const line = lineOf(version);
  const etcd = await programOn(here, 'etcd', ['--version']);
  if (etcd === undefined) return unknown('there is no etcd on the PATH of this machine');
  if (etcd.line !== line) return unknown(`etcd on this machine is ${etcd.version}, not ${line}`);
  const restorer = await restorerOn(here, version);
  if (!restorer.known) return restorer;
  const { name, path } = restorer.value;
  return known({ etcd: etcd.path, restorer: path, words: `${name} and etcd ${etcd.version}` });
}

/** The one of this version's line on the host's PATH. */
export async function restorerOn(
  host: Host,
  version: string,
): Promise<Fact<{ readonly name: string; readonly path: string }>> {
  const line = lineOf(version);
  for (const name of RESTORERS) {
    const found = await programOn(host, name, ['version']);
    if (found?.line !== line || !(await canRestore(host, found.path))) continue;
    return known({ name, path: found.path });
  }
  return unknown(`there is no etcdutl or etcdctl ${line} on the PATH of ${host.label}`);
}

export function withApi(argv: readonly string[]): readonly string[] {
  return ['env', API, ...argv];
}

interface Program {
  readonly path: string;
  readonly version: string;
  readonly line: string;
}

async function programOn(
  here: Host,
  name: string,
  asks: readonly string[],
): Promise<Program | undefined> {
  const found = await here.exec(['sh', '-c', 'command -v "$1"', 'sh', name], {
    deadlineMs: LOOK_MS,
  });
  const path = found.ok && found.value.exitCode === 0 ? found.value.stdout.trim() : '';
  if (!path.startsWith('/')) return undefined;
  const told = await here.exec(withApi([path, ...asks]), { deadlineMs: LOOK_MS });
  if (!told.ok) return undefined;
  const version = /version: *(\d+\.\d+\.\d+\S*)/iu.exec(told.value.stdout)?.[1];
  return version === undefined ? undefined : { path, version, line: lineOf(version) };
}

async function canRestore(here: Host, path: string): Promise<boolean> {
  const help = await here.exec(withApi([path, 'snapshot', 'restore', '--help']), {
    deadlineMs: LOOK_MS,
  });
  return help.ok && help.value.exitCode === 0 && help.value.stdout.includes('--data-dir');
}

/** `3.4` of `3.4.23`. */
function lineOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
