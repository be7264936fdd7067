/** Turns the client side of one member into every reason why it cannot be moved as it is. */

import { isoTime } from '../base/time.ts';
import { namesHost } from '../model/certificate.ts';
import type { ClientSettings } from '../model/client-settings.ts';
import type { Failure } from '../model/failure.ts';
import type { LeafMaterial, Material } from '../model/material.ts';
import { FLAG } from '../model/settings.ts';
import type { InstalledFile } from '../model/step.ts';
import { urlParts } from '../model/url.ts';
import type { MemberWorld, World } from '../model/world.ts';
import { sameContent } from './files.ts';

interface ClientSide {
  readonly world: World;
  readonly member: MemberWorld;
  readonly client: ClientSettings | undefined;
  readonly material: Material;
  readonly files: readonly InstalledFile[];
}

export function clientProblems(side: ClientSide): readonly Failure[] {
  const because = urlProblem(side) ?? foreignTls(side);
  if (because !== undefined) return [unusable(side, because)];
  const leaf = side.material.leaves[side.member.name];
  const wrong = leaf === undefined ? undefined : leafProblem(side, leaf);
  return wrong === undefined ? [] : [wrong];
}

/** What is to be changed must stand in the configuration, as URLs of which only the scheme changes. */
function urlProblem({ member, client }: ClientSide): string | undefined {
  const { settings } = member.disk;
  for (const [flag, urls] of [
    [FLAG.listenClientUrls, client?.listen],
    [FLAG.advertiseClientUrls, client?.advertise],
  ] as const) {
    const text = settings[flag];
    if (text === undefined || urls === undefined) return `its configuration has no ${flag}`;
    if (urls.length < text.split(',').length) {
      return `${flag} is "${text}", and not all of it is of the form http(s)://host:port`;
    }
  }
  return undefined;
}

/** Clients trust the certificate that is there: it is replaced by no other one in passing. */
function foreignTls({ member, files }: ClientSide): string | undefined {
  const path = member.process?.client?.certFile;
  if (path === undefined) return undefined;
  const ours = files.find(({ role }) => role === 'leaf');
  const present = member.disk.files[path];
  const isOurs = ours !== undefined && present !== undefined && sameContent(present, ours.content);
  return isOurs
    ? undefined
    : `it shows ${path} to clients already, which is not the certificate of this plan`;
}

function leafProblem(
  { world, member, client, material }: ClientSide,
  { leaf, certPath, mustIssue }: LeafMaterial,
): Failure | undefined {
  if (mustIssue) return undefined;
  const hosts = [...(client?.advertise ?? []), ...(client?.listen ?? [])]
    .map((url) => urlParts(url).host)
    .filter((host) => host !== '0.0.0.0' && host !== '::');
  const missing = [...new Set(hosts)].filter((host) => !namesHost(leaf, host));
  const isKnown = material.authorities.some(({ fingerprint }) =>
    leaf.trustedBy.includes(fingerprint),
  );
  const problems = [
    ...(isKnown ? [] : [`${material.authorityPath} does not verify it`]),
    ...(missing.length === 0 ? [] : [`it does not name ${missing.join(', ')}`]),
    ...(leaf.serverAuth ? [] : ['it may not serve (serverAuth)']),
    // The gateway inside etcd dials its own client port with the certificate of the server.
    ...(leaf.clientAuth ? [] : ["it may not dial (clientAuth), which etcd's own gateway does"]),
    ...(world.nowMs < leaf.notAfterMs ? [] : [`it ended at ${isoTime(leaf.notAfterMs)}`]),
  ];
  if (problems.length === 0) return undefined;
  return {
    code: 'CERTIFICATE_UNUSABLE',
    where: certPath,
    would: `have ${member.name} show it to clients`,
    but: problems.join('; '),
    so: 'clients would refuse it, or etcd would refuse itself; nothing has been changed',
    remedy:
      'give a certificate with serverAuth and clientAuth of the CA in clients.ca, for the hosts of the client URLs',
  };
}

function unusable({ member: { name } }: ClientSide, but: string): Failure {
  return {
    code: 'CLIENT_SIDE_UNUSABLE',
    where: `member ${name}`,
    would: `have ${name} serve its clients by https`,
    but,
    so: 'this tool changes the scheme of client URLs that stand in the configuration, and nothing else; nothing has been changed',
    remedy: `write listen-client-urls and advertise-client-urls of ${name} into its configuration, or set scope: peer`,
  };
}
