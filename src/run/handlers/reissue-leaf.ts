/** reissue-leaf: one certificate file replaced in one rename; the old one is kept beside it, the key is not touched. */

import { sha256 } from '../../base/digest.ts';
import type { ReissueLeaf } from '../../model/step.ts';
import type { Answer } from '../machine-types.ts';
import { type Hands, done, doorsOf, failedBy, trouble } from './context.ts';
import { settle } from './settle.ts';

export function reissueLeaf(hands: Hands, step: ReissueLeaf): Promise<Answer> {
  return settle(hands, step.member, () => replace(hands, step));
}

async function replace(hands: Hands, { member, path, source }: ReissueLeaf): Promise<Answer> {
  const { host } = doorsOf(hands, member);
  const fail = (but: string): Answer => {
    return failedBy(
      trouble(hands, {
        code: 'STEP_FAILED',
        would: `replace the leaf in ${path} on ${host.label}`,
        but,
        so: 'the old leaf is in place, or kept beside it',
        remedy: 'mend what is named above, then peershift rescue again',
      }),
    );
  };
  const [made, old] = await Promise.all([hands.doors.here.readFile(source), host.readFile(path)]);
  if (!made.ok) return fail(made.error.but);
  if (made.value === undefined) return fail(`${source} is gone from the operator's machine`);
  if (!old.ok) return failedBy({ ...old.error, where: hands.where });
  if (old.value === undefined) return fail('it is gone');
  const { bytes } = made.value;
  const digest = sha256(bytes);
  const keptPath = `${path}.peershift-${hands.doors.journal.state().run ?? 'old'}`;
  if (sha256(old.value.bytes) !== digest) {
    const kept = await host.writeFile(keptPath, old.value.bytes, old.value);
    if (!kept.ok) return failedBy({ ...kept.error, where: hands.where });
    const { mode, uid, gid } = old.value;
    const written = await host.writeFile(path, bytes, { mode, uid, gid });
    if (!written.ok) return failedBy({ ...written.error, where: hands.where });
  }
  const back = await host.readFile(path);
  if (!back.ok) return failedBy({ ...back.error, where: hands.where });
  if (back.value !== undefined && sha256(back.value.bytes) === digest) {
    return done({ kind: 'leaf-replaced', member, path, digest, keptPath });
  }
  const restored = await host.writeFile(path, old.value.bytes, old.value);
  return fail(
    `it does not read back as it was written; the old leaf was ${restored.ok ? '' : 'not '}put back`,
  );
}
