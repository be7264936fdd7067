/** install-certificates: CA, leaf and key put on a member's host, under paths that nothing names yet. */

import { FLAG } from '../settings.ts';
import type { InstallCertificates, InstalledFile, StepLaw } from '../step.ts';
import { type MemberWorld, type World, memberOf, withMember } from '../world.ts';

export const installCertificates: StepLaw<InstallCertificates> = {
  say: (step) =>
    `install ${step.files.map((file) => baseName(file.path)).join(', ')} on ${step.member}`,
  place: (step) => step.member,
  needs: (world, step) => {
    const named = namedPaths(memberOf(world, step.member));
    return step.files
      .filter((file) => named.has(file.path))
      .map((file) => `${file.path} is in use by ${step.member} and must not be overwritten`);
  },
  apply: (world, step) => installed(world, step, step.files),
  halfway: (world, step) => {
    return step.files
      .slice(1)
      .map((_file, index) => installed(world, step, step.files.slice(0, index + 1)));
  },
  undo: (_before, step) => `remove ${String(step.files.length)} files`,
};

/** The TLS paths that the running process or the configuration on disk names. */
export function namedPaths(member: MemberWorld): ReadonlySet<string> {
  const flags = [
    ...[FLAG.peerCertFile, FLAG.peerKeyFile, FLAG.peerTrustedCaFile],
    ...[FLAG.certFile, FLAG.keyFile, FLAG.trustedCaFile],
  ];
  const onDisk = flags.map((flag) => member.disk.settings[flag]);
  const { certFile, keyFile, trustedCaFile } = member.process?.peer ?? {};
  const client = member.process?.client;
  const ofClients = [client?.certFile, client?.keyFile, client?.trustedCaFile];
  const all = [...onDisk, certFile, keyFile, trustedCaFile, ...ofClients];
  return new Set(all.filter((path) => path !== undefined));
}

function installed(
  world: World,
  step: InstallCertificates,
  files: readonly InstalledFile[],
): World {
  const member = memberOf(world, step.member);
  const added = Object.fromEntries(files.map((file) => [file.path, file.content]));
  return withMember(world, {
    ...member,
    disk: { ...member.disk, files: { ...member.disk.files, ...added } },
  });
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
