/** Turns a folder into the lab it holds: `lab.json` marks it as a test cluster of ours. */

import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';

export const DEFAULT_LAB_FOLDER = 'peershift-lab';
/** A downloaded etcd may stand here before the lab itself does: with a read-only home. */
export const ETCD_FOLDER = 'etcd';

/** What `lab.json` holds. */
export interface LabMark {
  readonly kind: 'peershift-lab';
  readonly version: 1;
  /** Plain processes on loopback. */
  readonly mode: 'processes';
  /** Live and fault tests refuse a cluster without this. */
  readonly isTestCluster: true;
  readonly block: string;
  readonly etcd: { readonly path: string; readonly version: string };
  readonly members: readonly { readonly name: string; readonly address: string }[];
  readonly createdAt: string;
}

export interface LabMember {
  readonly name: string;
  readonly address: string;
  /** `http://127.x.y.11:2379`. */
  readonly endpoint: string;
  readonly folder: string;
}

export interface Lab {
  readonly dir: string;
  readonly planFile: string;
  readonly mark: LabMark;
  readonly members: readonly LabMember[];
}

export const CLIENT_PORT = 2379;
export const PEER_PORT = 2380;

export function labOf(dir: string, mark: LabMark): Lab {
  const members = mark.members.map(({ name, address }) => ({
    name,
    address,
    endpoint: `http://${address}:${String(CLIENT_PORT)}`,
    folder: join(dir, name),
  }));
  return { dir, planFile: join(dir, 'plan.yaml'), mark, members };
}

/** The lab in this folder; undefined when the folder is missing, empty or holds only a fetched etcd. */
export async function readLab(dir: string): Promise<Result<Lab | undefined, Failure>> {
  const text = await readFile(join(dir, 'lab.json'), 'utf8').catch(() => undefined);
  if (text !== undefined) {
    const mark = parseLabMark(text);
    if (mark === undefined) return err(foreign(dir, 'its lab.json is not one of peershift'));
    return ok(labOf(dir, mark));
  }
  const found = await entriesOf(dir);
  if (!found.ok) return found;
  const others = found.value.filter((name) => name !== ETCD_FOLDER);
  if (others.length === 0) return ok(undefined);
  return err(foreign(dir, `it holds ${namesText(others)} and no lab.json`));
}

/** The lab in this folder; none is a failure that says how to make one. */
export async function requireLab(dir: string, would: string): Promise<Result<Lab, Failure>> {
  const lab = await readLab(dir);
  if (!lab.ok) return lab;
  if (lab.value !== undefined) return ok(lab.value);
  return err({
    code: 'LAB_FAILED',
    where: dir,
    would,
    but: 'there is no lab in this folder: no lab.json',
    so: 'nothing was changed',
    remedy: 'name the folder of the lab with --dir, or make one with peershift lab up',
  });
}

export async function writeLabMark(dir: string, mark: LabMark): Promise<void> {
  const path = join(dir, 'lab.json');
  await writeFile(`${path}.new`, `${JSON.stringify(mark, undefined, 2)}\n`);
  await rename(`${path}.new`, path);
}

/** Undefined for anything that is not exactly a mark of ours: such a folder is somebody else's. */
export function parseLabMark(text: string): LabMark | undefined {
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const { kind, version, mode, isTestCluster, block, etcd, members, createdAt } = value;
  if (kind !== 'peershift-lab' || version !== 1 || mode !== 'processes') return undefined;
  if (isTestCluster !== true || typeof block !== 'string') return undefined;
  if (typeof createdAt !== 'string' || !isRecord(etcd) || !Array.isArray(members)) return undefined;
  const { path, version: etcdVersion } = etcd;
  if (typeof path !== 'string' || typeof etcdVersion !== 'string') return undefined;
  const read = members.map(readMember);
  const whole = read.filter((member) => member !== undefined);
  if (whole.length === 0 || whole.length !== read.length) return undefined;
  return {
    kind,
    version,
    mode,
    isTestCluster,
    block,
    etcd: { path, version: etcdVersion },
    members: whole,
    createdAt,
  };
}

/** A member's folder is made from its name, so the name must be one that we gave. */
function readMember(value: unknown): { name: string; address: string } | undefined {
  if (!isRecord(value)) return undefined;
  const { name, address } = value;
  if (typeof name !== 'string' || typeof address !== 'string') return undefined;
  if (!/^m[1-9]$/.test(name) || !/^127\.\d+\.\d+\.\d+$/.test(address)) return undefined;
  return { name, address };
}

async function entriesOf(dir: string): Promise<Result<readonly string[], Failure>> {
  try {
    return ok(await readdir(dir));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT') return ok([]);
    return err(foreign(dir, cause instanceof Error ? cause.message : String(cause)));
  }
}

function foreign(dir: string, but: string): Failure {
  return {
    code: 'LAB_FAILED',
    where: dir,
    would: 'use this folder for a local test cluster',
    but,
    so: "the folder may be somebody else's, and was left as it is",
    remedy: 'name a new or empty folder with --dir',
  };
}

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${String(names.length - 3)} more` : shown;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
