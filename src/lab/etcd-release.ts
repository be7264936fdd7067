/** Turns the pinned upstream release into unpacked etcd binaries; bytes with another sha256 are refused. */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../base/digest.ts';
import type { Result } from '../base/result.ts';
import { err, ok } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import { commandEnvironment, lastWords, runCommand } from './command.ts';
import { BINARY_FOLDER, fillOnce } from './etcd-cache.ts';

const RELEASE_VERSION = '3.5.21';

const RELEASE_SHA256: Readonly<Record<string, string>> = {
  amd64: 'adddda4b06718e68671ffabff2f8cee48488ba61ad82900e639d108f2148501c',
  arm64: '95bf6918623a097c0385b96f139d90248614485e781ec9bee4768dbb6c79c53f',
};
const RELEASE_FOLDER = `https://github.com/etcd-io/etcd/releases/download/v${RELEASE_VERSION}`;
/** About 20 MB over a slow line. */
const DOWNLOAD_DEADLINE_MS = 300_000;
const UNPACK_DEADLINE_MS = 60_000;

/** Go's name of this machine's architecture, where a release is pinned for it. */
export function releaseArchitecture(nodeName: string): string | undefined {
  return { x64: 'amd64', arm64: 'arm64' }[nodeName];
}

/** The cached folder of the pinned release, etcd in `usr/bin`; fetched when it is not there. */
export function fetchReleaseEtcd(
  architecture: string,
  cacheDir: string,
  releaseFolder: string = RELEASE_FOLDER,
): Promise<Result<string, Failure>> {
  const name = `etcd-v${RELEASE_VERSION}-linux-${architecture}`;
  return fillOnce(cacheDir, `release-${RELEASE_VERSION}-${architecture}`, async (folder) => {
    const url = `${releaseFolder}/${name}.tar.gz`;
    const bytes = await fetchBytes(url);
    if (!bytes.ok) return bytes;
    const digest = sha256(bytes.value);
    if (digest !== RELEASE_SHA256[architecture]) {
      return err(notFetched(url, `its sha256 is ${digest}, which is not the pinned one`));
    }
    const archive = join(folder, 'release.tar.gz');
    await writeFile(archive, bytes.value);
    return unpack(archive, name, folder);
  });
}

async function fetchBytes(url: string): Promise<Result<Uint8Array, Failure>> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_DEADLINE_MS) });
    if (!answer.ok) return err(notFetched(url, `the answer was HTTP ${String(answer.status)}`));
    return ok(new Uint8Array(await answer.arrayBuffer()));
  } catch (cause) {
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    return err(notFetched(url, inner instanceof Error ? inner.message : String(inner)));
  }
}

async function unpack(
  archive: string,
  name: string,
  folder: string,
): Promise<Result<undefined, Failure>> {
  const binaries = join(folder, BINARY_FOLDER);
  await mkdir(binaries, { recursive: true });
  const wanted = ['etcd', 'etcdctl', 'etcdutl'].map((binary) => `${name}/${binary}`);
  const outcome = await runCommand(
    ['tar', '-xzf', archive, '-C', binaries, '--strip-components=1', ...wanted],
    { deadlineMs: UNPACK_DEADLINE_MS, environment: commandEnvironment(process.env) },
  );
  if (outcome.exitCode !== 0) return err(notFetched(archive, `tar: ${lastWords(outcome)}`));
  await rm(archive);
  return ok(undefined);
}

function notFetched(url: string, but: string): Failure {
  return {
    code: 'ETCD_NOT_FOUND',
    where: url,
    would: `fetch the etcd ${RELEASE_VERSION} release`,
    but,
    so: 'nothing was kept and nothing was started',
    remedy: "install etcd with this machine's package manager, or name a binary with --etcd PATH",
  };
}
