/** Turns a healthy lab into a cluster without quorum: every member on https with a leaf that its peers refuse. */

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import type { Lab } from '../../src/lab/lab-folder.ts';
import { startMember, stopMember } from '../../src/lab/member-process.ts';
import { value } from './etcd-calls.ts';
import type { Rig } from './lab-rig.ts';
import { type PlantedAuthority, plantAuthority } from './planted-leaves.ts';

/** A plan whose CA, with its key, stands beside the lab, so that leaves of the same CA can be planted. */
export function planWithAuthority(text: string, lab: Lab): string {
  const at = authorityOf(lab);
  const ca = `  ca: { cert: ${at}/ca.pem, key: ${at}/ca-key.pem }`;
  return text.replace('  directory: ./pki', `  directory: ./pki\n${ca}`);
}

export function authorityOf(lab: Lab): string {
  return path.join(path.dirname(lab.dir), 'authority');
}

/**
 * By hand, as somebody might who trusts health checks: a leaf that names only the member's own address, its
 * URL updated, its listener switched, and so on to the last one. On loopback members dial from 127.0.0.1.
 */
export async function carryTrapToTheEnd(rig: Rig): Promise<PlantedAuthority> {
  const authority = await plantAuthority(authorityOf(rig.lab));
  for (const { name, address } of rig.lab.members) {
    await authority.leaf(name, [address]);
    await installed(rig, authority, name);
  }
  for (const { name, address } of rig.lab.members) {
    const list = JSON.parse(await rig.call('m1', '/cluster/member/list', {})) as {
      readonly members: readonly { readonly ID: string; readonly name: string }[];
    };
    const ID = list.members.find((member) => member.name === name)?.ID;
    await rig.call('m1', '/cluster/member/update', { ID, peerURLs: [`https://${address}:2380`] });
    await switched(rig, name);
  }
  return authority;
}

/** Its listener and its leaf, with the scheme that the list has for it by now. */
async function switched(rig: Rig, name: string): Promise<void> {
  const { folder, address } = rig.member(name);
  const file = path.join(folder, 'etcd.env');
  const text = await readFile(file, 'utf8');
  const at = (end: string): string => path.join(folder, 'tls', end);
  const settings = [
    `ETCD_PEER_TRUSTED_CA_FILE=${at('ca.pem')}`,
    `ETCD_PEER_CERT_FILE=${at('peer.pem')}`,
    `ETCD_PEER_KEY_FILE=${at('peer-key.pem')}`,
    'ETCD_PEER_CLIENT_CERT_AUTH=true',
  ];
  const listen = `ETCD_LISTEN_PEER_URLS=https://${address}:2380`;
  const changed = text.replace(/^ETCD_LISTEN_PEER_URLS=.*$/mu, listen);
  await writeFile(file, `${changed}\n${settings.join('\n')}\n`);
  value(await stopMember(rig.member(name)));
  value(await startMember(rig.member(name)));
}

async function installed(rig: Rig, authority: PlantedAuthority, name: string): Promise<void> {
  const folder = path.join(rig.member(name).folder, 'tls');
  await mkdir(folder, { recursive: true });
  await copyFile(authority.at('ca.pem'), path.join(folder, 'ca.pem'));
  await copyFile(authority.at(`${name}.pem`), path.join(folder, 'peer.pem'));
  await copyFile(authority.at(`${name}-key.pem`), path.join(folder, 'peer-key.pem'));
}
