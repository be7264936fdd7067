/** install-certificates: each file written atomically for the service's user, and read back by its digest. */

import { sha256 } from '../../base/digest.ts';
import type { Failure } from '../../model/failure.ts';
import type { Effect } from '../../model/journal.ts';
import type { InstallCertificates, InstalledFile } from '../../model/step.ts';
import type { Host, WriteOptions } from '../../ports.ts';
import type { Answer } from '../machine-types.ts';
import { type Hands, done, doorsOf, failedBy, trouble } from './context.ts';
import { settle } from './settle.ts';

const KEY_MODE = 0o600;
const CERTIFICATE_MODE = 0o644;

export function installCertificates(hands: Hands, step: InstallCertificates): Promise<Answer> {
  return settle(hands, step.member, () => install(hands, step));
}

async function install(hands: Hands, step: InstallCertificates): Promise<Answer> {
  const { host, service } = doorsOf(hands, step.member);
  const owner = await ownerOf(hands, step, host, service);
  if (!owner.ok) return failedBy({ ...owner.error, where: hands.where });
  const effects: Effect[] = [];
  for (const file of step.files) {
    const installed = await installOne(hands, host, file, owner.value);
    if (installed.kind === 'failed') return { ...installed.performed, effects };
    effects.push({
      kind: 'file-installed',
      member: step.member,
      path: file.path,
      digest: installed.digest,
    });
  }
  return done(...effects);
}

type Installed =
  | { readonly kind: 'installed'; readonly digest: string }
  | { readonly kind: 'failed'; readonly performed: Answer };

async function installOne(
  hands: Hands,
  host: Host,
  file: InstalledFile,
  owner: WriteOptions,
): Promise<Installed> {
  const fail = (but: string): Installed => ({
    kind: 'failed',
    performed: failedBy(
      trouble(hands, {
        code: 'STEP_FAILED',
        would: `put ${file.path} on ${host.label}`,
        but,
        so: 'no process reads that file yet, so the cluster is as it was',
        remedy: 'mend what is named above, then peershift resume',
      }),
    ),
  });
  const failedAs = (failure: Failure): Installed =>
    failure.code === 'HOST_LOST'
      ? { kind: 'failed', performed: failedBy({ ...failure, where: hands.where }) }
      : fail(failure.but);
  const source = await hands.doors.here.readFile(file.source);
  if (!source.ok) return fail(source.error.but);
  if (source.value === undefined) return fail(`${file.source} is gone from the operator's machine`);
  const { bytes } = source.value;
  const digest = sha256(bytes);
  const old = await host.readFile(file.path);
  if (old.ok && old.value !== undefined && sha256(old.value.bytes) !== digest) {
    const aside = `${file.path}.peershift-${hands.doors.journal.state().run ?? 'old'}`;
    const kept = await host.writeFile(aside, old.value.bytes, old.value);
    if (!kept.ok) return failedAs(kept.error);
  }
  const mode = file.role === 'key' ? KEY_MODE : CERTIFICATE_MODE;
  const written = await host.writeFile(file.path, bytes, { mode, ...owner });
  if (!written.ok) return failedAs(written.error);
  const back = await host.readFile(file.path);
  if (!back.ok) return failedAs(back.error);
  if (back.value === undefined || sha256(back.value.bytes) !== digest) {
    return fail('it does not read back as it was written');
  }
  return { kind: 'installed', digest };
}

/** Named in the plan file, or the running member's own. */
async function ownerOf(
  hands: Hands,
  step: InstallCertificates,
  host: Host,
  service: ReturnType<typeof doorsOf>['service'],
): ReturnType<Host['ownerIds']> {
  const wanted = hands.doors.desired.members.find((member) => member.name === step.member)?.tls;
  if (wanted?.owner !== undefined || wanted?.group !== undefined) {
    return host.ownerIds(wanted.owner, wanted.group);
  }
  const state = await service.state();
  const pid = state.known ? state.value.pid : undefined;
  if (pid === undefined) return { ok: true, value: {} };
  const process = await host.process(pid);
  if (!process.ok) return process;
  return {
    ok: true,
    value: process.value === undefined ? {} : { uid: process.value.uid, gid: process.value.gid },
  };
}
