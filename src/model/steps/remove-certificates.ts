/** remove-certificates: files that peershift installed and nothing names any more are taken off a host. */

import type { RemoveCertificates, StepLaw } from '../step.ts';
import { memberOf, withMember } from '../world.ts';
import { namedPaths } from './install-certificates.ts';

export const removeCertificates: StepLaw<RemoveCertificates> = {
  say: (step) => {
    const count = step.paths.length === 1 ? 'the file' : `the ${String(step.paths.length)} files`;
    return `remove ${count} that this run put on ${step.member}, where still the same`;
  },
  place: (step) => step.member,
  needs: (world, step) => {
    const named = namedPaths(memberOf(world, step.member));
    return step.paths
      .filter((path) => named.has(path))
      .map((path) => `${path} is still in use by ${step.member}`);
  },
  apply: (world, step) => {
    const member = memberOf(world, step.member);
    const kept = Object.entries(member.disk.files).filter(([path]) => !step.paths.includes(path));
    return withMember(world, {
      ...member,
      disk: { ...member.disk, files: Object.fromEntries(kept) },
    });
  },
  halfway: () => [],
  undo: () => 'install them again',
};
