/** Turns a healthy lab into a cluster without quorum: every member on https with a leaf that its peers refuse. */

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { expect, vi } from 'vitest';

import { type Lab, PEER_PORT } from '../../src/lab/lab-folder.ts';
import { startMember, stopMember } from '../../src/lab/member-process.ts';
import type { Strategy } from '../../src/model/desired.ts';
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
 * By hand, as somebody might who trusts health checks, in the order of a strategy: leaves that name only the
 * member's own address, URLs updated, listeners switched, and so on to the last one. On loopback members dial
 * from 127.0.0.1, which every one of them then refuses.
 */
export async function carryTrapToTheEnd(
  rig: Rig,
  strategy: Strategy = 'documented',
): Promise<void> {
  const authority = await plantAuthority(authorityOf(rig.lab));
  for (const { name, address } of rig.lab.members) {
    await authority.leaf(name, [address]);
    await installed(rig, authority, name);
  }
  await switched(rig, strategy);
}

/** URLs and listeners on https, in the order of the strategy, with whatever files stand in the folders. */
export async function switched(rig: Rig, strategy: Strategy): Promise<void> {
  await ORDERS[strategy](rig);
}

/** A call that nobody takes is refused after 5 s and some by each. */
const LAST_MS = 12_000;

type Order = (rig: Rig) => Promise<void>;

const namesOf = (rig: Rig): readonly string[] => rig.lab.members.map(({ name }) => name);

/**
 * The update comes through another member while its own is down. When the last one is stopped those on https,
 * which refuse each other, have nobody left who is reached by both: nobody takes its update, and it is started all the same.
 */
const stopUpdateStart: Order = async (rig) => {
  const last = namesOf(rig).at(-1);
  for (const name of namesOf(rig)) {
    value(await stopMember(rig.member(name)));
    const taken = advertised(
      rig,
      name,
      [urlOf(rig, name, 'https')],
      name === last ? LAST_MS : undefined,
    );
    if (name === last) await expect(taken).rejects.toThrow('Timed out');
    else await taken;
    await listening(rig, name, [urlOf(rig, name, 'https')]);
  }
};

const ORDERS: Readonly<Record<Strategy, Order>> = {
  documented: async (rig) => {
    for (const name of namesOf(rig)) {
      await advertised(rig, name, [urlOf(rig, name, 'https')]);
      await listening(rig, name, [urlOf(rig, name, 'https')]);
    }
  },
  'fewest-restarts': stopUpdateStart,
  'trust-first': async (rig) => {
    for (const name of namesOf(rig)) await listening(rig, name, [urlOf(rig, name, 'http')]);
    await stopUpdateStart(rig);
  },
  'dual-url': async (rig) => {
    for (const name of namesOf(rig)) await listening(rig, name, [urlOf(rig, name, 'http')]);
    for (const name of namesOf(rig)) {
      await advertised(rig, name, [urlOf(rig, name, 'http'), urlOf(rig, name, 'https')]);
    }
    for (const name of namesOf(rig)) await listening(rig, name, [urlOf(rig, name, 'https')]);
  },
  'dual-listener': async (rig) => {
    const second = (name: string): string => urlOf(rig, name, 'https', PEER_PORT + 2);
    for (const name of namesOf(rig)) {
      await listening(rig, name, [urlOf(rig, name, 'http'), second(name)]);
    }
    for (const name of namesOf(rig)) await advertised(rig, name, [second(name)]);
    for (const name of namesOf(rig)) await listening(rig, name, [second(name)]);
  },
  rebuild: () => Promise.reject(new Error('rebuild has no order')),
};

export function urlOf(rig: Rig, name: string, scheme: 'http' | 'https', port = PEER_PORT): string {
  return `${scheme}://${rig.member(name).address}:${String(port)}`;
}

/** Through whichever member takes it; the others elect meanwhile. */
async function advertised(
  rig: Rig,
  name: string,
  urls: readonly string[],
  timeout = 30_000,
): Promise<void> {
  const others = namesOf(rig).filter((each) => each !== name);
  const isTaken = async (): Promise<boolean> => {
    for (const asked of [...others, name]) {
      try {
        const list = JSON.parse(await rig.call(asked, '/cluster/member/list', {})) as List;
        const ID = list.members.find((member) => member.name === name)?.ID;
        await rig.call(asked, '/cluster/member/update', { ID, peerURLs: urls });
        return true;
      } catch {
        // That one is down, or has no leader right now.
      }
    }
    return false;
  };
  await vi.waitUntil(isTaken, { timeout, interval: 500 });
}

interface List {
  readonly members: readonly { readonly ID: string; readonly name: string }[];
}

/** Restarted with these listeners, and with the TLS files that stand in its folder. */
export async function listening(rig: Rig, name: string, urls: readonly string[]): Promise<void> {
  const { folder } = rig.member(name);
  const file = path.join(folder, 'etcd.env');
  const text = await readFile(file, 'utf8');
  const at = (end: string): string => path.join(folder, 'tls', end);
  const settings = [
    `ETCD_PEER_TRUSTED_CA_FILE=${at('ca.pem')}`,
    `ETCD_PEER_CERT_FILE=${at('peer.pem')}`,
    `ETCD_PEER_KEY_FILE=${at('peer-key.pem')}`,
    'ETCD_PEER_CLIENT_CERT_AUTH=true',
  ];
  const bare = text.split('\n').filter((line) => !line.startsWith('ETCD_PEER_'));
  const listen = `ETCD_LISTEN_PEER_URLS=${urls.join(',')}`;
  const changed = bare
    .join('\n')
    .trimEnd()
    .replace(/^ETCD_LISTEN_PEER_URLS=.*$/mu, listen);
  await writeFile(file, `${changed}\n${settings.join('\n')}\n`);
  value(await stopMember(rig.member(name)));
  value(await startMember(rig.member(name)));
}

/** Restarted so that it makes its own certificate and checks nobody's. */
export async function byAutoTls(rig: Rig, name: string): Promise<void> {
  const file = path.join(rig.member(name).folder, 'etcd.env');
  const lines = (await readFile(file, 'utf8')).split('\n');
  const bare = lines.filter((line) => !line.startsWith('ETCD_PEER_'));
  await writeFile(file, `${bare.join('\n').trimEnd()}\nETCD_PEER_AUTO_TLS=true\n`);
  value(await stopMember(rig.member(name)));
  value(await startMember(rig.member(name)));
}

/** The CA, and the leaf and key that the authority has made for the member. */
export async function installed(
  rig: Rig,
  authority: PlantedAuthority,
  name: string,
  trusted = authority,
): Promise<void> {
  const folder = path.join(rig.member(name).folder, 'tls');
  await mkdir(folder, { recursive: true });
  await copyFile(trusted.at('ca.pem'), path.join(folder, 'ca.pem'));
  await copyFile(authority.at(`${name}.pem`), path.join(folder, 'peer.pem'));
  await copyFile(authority.at(`${name}-key.pem`), path.join(folder, 'peer-key.pem'));
}
