/** Turns a finished run into its `handoff/` folder: what the people around the cluster change now. */

import type { Rim, Session } from './engine-types.ts';
import type { Scope } from './model/desired.ts';
import { type ObservedMember, valueOf } from './model/observed.ts';
import type { EventSink, Host } from './ports.ts';
import {
  type HandoffInput,
  type HandoffMember,
  type TlsPaths,
  type TlsTexts,
  handoffFiles,
} from './show/handoff.ts';

const MOVED: Readonly<Record<Scope, string>> = {
  peer: 'peers',
  client: 'clients',
  'peer+client': 'peers and clients',
};

const PRIVATE_MODE = 0o600;

/** Every file 0600, in the run's own 0700 folder; its path. A run that is done stays done without it. */
export async function writeHandoff(
  rim: Rim,
  session: Pick<Session, 'observed' | 'material'>,
  runPath: string,
  events: EventSink,
): Promise<string | undefined> {
  const path = `${runPath}/handoff`;
  for (const { name, text } of handoffFiles(await handoffInput(rim, session))) {
    const bytes = new TextEncoder().encode(text);
    const written = await rim.here.writeFile(`${path}/${name}`, bytes, { mode: PRIVATE_MODE });
    if (written.ok) continue;
    events.emit({ type: 'warning', text: `the handoff files are not whole: ${written.error.but}` });
    return undefined;
  }
  return path;
}

async function handoffInput(
  { desired, here }: Rim,
  { observed, material }: Pick<Session, 'observed' | 'material'>,
): Promise<HandoffInput> {
  const { tls } = desired.cluster;
  const members = await Promise.all(
    observed.members.map(async (member): Promise<HandoffMember> => {
      const leaf = material.leaves[member.name];
      const peer =
        leaf === undefined || material.mode === 'in-place'
          ? undefined
          : await textsOf(here, material.authorityPath, leaf.certPath, leaf.keyPath);
      const { name, clientUrls } = member;
      return { name, clientUrls, peer, server: serverPaths(member) };
    }),
  );
  const client =
    tls?.cert === undefined || tls.key === undefined
      ? undefined
      : await textsOf(here, tls.ca, tls.cert, tls.key);
  return {
    planName: desired.name,
    moved: MOVED[desired.scope],
    members,
    clientTls: tls,
    client,
    isShared: desired.pki.isShared,
    noPeerSecrets:
      material.mode === 'in-place' ? 'the keys are on the hosts and never leave them' : undefined,
  };
}

function serverPaths(member: ObservedMember): TlsPaths | undefined {
  const settings = valueOf(member.running) ?? valueOf(member.disk);
  const cert = settings?.['cert-file'];
  if (cert === undefined) return undefined;
  return { ca: settings?.['trusted-ca-file'] ?? '', cert, key: settings?.['key-file'] };
}

async function textsOf(
  here: Host,
  ca: string,
  cert: string,
  key: string,
): Promise<TlsTexts | undefined> {
  const [caText, certText, keyText] = await Promise.all(
    [ca, cert, key].map(async (path) => {
      const file = await here.readFile(path);
      return file.ok && file.value !== undefined
        ? new TextDecoder().decode(file.value.bytes)
        : undefined;
    }),
  );
  if (caText === undefined || certText === undefined || keyText === undefined) return undefined;
  return { ca: caText, cert: certText, key: keyText };
}
