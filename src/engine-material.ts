/** What a look needs to know of certificates: where they are or will be on the hosts, and what is to be installed. */

import { type Result, ok } from './base/result.ts';
import type { NamedFile } from './discover/cert-facts.ts';
import type { discover } from './discover/discover.ts';
import { readMaterial } from './discover/material.ts';
import { CLIENT_SIDE } from './discover/material-side.ts';
import type { Rim, Session } from './engine-types.ts';
import { type DesiredMember, type DesiredSpec, movesPeers } from './model/desired.ts';
import type { Failure } from './model/failure.ts';
import { NO_MATERIAL } from './model/material.ts';
import type { ObservedState } from './model/observed.ts';
import { CLIENT_FILES, PEER_FILES } from './plan/files.ts';
import type { PeerFiles } from './ports.ts';

/** What a look needs, with or without an API. */
export async function discoverInput(rim: Rim): Promise<Parameters<typeof discover>[0]> {
  const { desired } = rim;
  const plannedPaths = new Map(
    desired.members.map((member) => [member.name, plannedFiles(desired, member)] as const),
  );
  const own = [
    desired.pki.ca?.cert ?? `${desired.pki.directory}/ca.pem`,
    ...(desired.clients === undefined ? [] : [desired.clients.ca.cert]),
  ];
  const texts = await Promise.all(own.map((path) => textOf(rim, path)));
  return { ...rim, plannedPaths, authorityTexts: texts.flat() };
}

async function textOf({ here }: Rim, path: string): Promise<readonly string[]> {
  const file = await here.readFile(path);
  const bytes = file.ok ? file.value?.bytes : undefined;
  return bytes === undefined ? [] : [new TextDecoder().decode(bytes)];
}

function plannedFiles(desired: DesiredSpec, member: DesiredMember): readonly NamedFile[] {
  const { tls, certificate, clientCertificate } = member;
  const inPlace = desired.pki.mode === 'in-place';
  const placed = (
    ca: string | undefined,
    own: Partial<DesiredMember['certificate']>,
    names: typeof PEER_FILES,
  ): readonly NamedFile[] => [
    { path: inPlace ? (ca ?? '') : `${tls.directory}/${names.ca}`, role: 'ca' },
    { path: inPlace ? (own.cert ?? '') : `${tls.directory}/${names.leaf}`, role: 'leaf' },
    { path: inPlace ? (own.key ?? '') : `${tls.directory}/${names.key}`, role: 'key' },
  ];
  const { clients, pki, scope } = desired;
  const ofPeers = movesPeers(scope) ? placed(pki.ca?.cert, certificate, PEER_FILES) : [];
  if (clients === undefined) return ofPeers;
  return [...ofPeers, ...placed(clients.ca.cert, clientCertificate ?? {}, CLIENT_FILES)];
}

/** What peers show each other, and what members show to clients, as far as the scope has them. */
export async function materialOf(
  rim: Rim,
  observed: ObservedState,
): Promise<Result<Pick<Session, 'material' | 'clientMaterial'>, readonly Failure[]>> {
  const input = { ...rim, observed, nowMs: observed.observedAtMs };
  const clients =
    rim.desired.clients === undefined
      ? undefined
      : await readMaterial({ ...input, side: CLIENT_SIDE });
  if (clients?.ok === false) return clients;
  const peers = movesPeers(rim.desired.scope) ? await readMaterial(input) : ok(NO_MATERIAL);
  if (!peers.ok) return peers;
  return ok({
    material: peers.value,
    ...(clients === undefined ? {} : { clientMaterial: clients.value }),
  });
}

/** With what peershift talks to members that answer https; undefined while it cannot be read. */
export async function operatorFiles(rim: Rim): Promise<PeerFiles | undefined> {
  const { tls } = rim.desired.cluster;
  if (tls === undefined) return undefined;
  const texts = await Promise.all(
    [tls.ca, tls.cert ?? '', tls.key ?? ''].map((path) => textOf(rim, path)),
  );
  const [ca, cert, key] = texts.map(([text]) => text ?? '');
  return ca === undefined || ca === '' ? undefined : { ca, cert: cert ?? '', key: key ?? '' };
}
