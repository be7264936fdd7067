/** Turns a lab member's settings into the way to its client URL: plain http, or what a run has left there. */

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Gateway, type GatewayAccess } from './gateway.ts';
import type { LabMember } from './lab-folder.ts';

/** Over https where it is served, with the files that the lab's own plan has had made for the operator. */
export async function gatewayTo(member: LabMember): Promise<Gateway> {
  const settings = await textOf(join(member.folder, 'etcd.env'));
  const listens = /^ETCD_LISTEN_CLIENT_URLS=(.*)$/m.exec(settings)?.[1] ?? '';
  const access = listens.includes('https://') ? await operatorAccess(member) : undefined;
  if (access === undefined) return new Gateway(member.endpoint);
  return new Gateway(member.endpoint.replace(/^http:/, 'https:'), access);
}

/** Undefined where the plan names files of its own. */
async function operatorAccess({ folder }: LabMember): Promise<GatewayAccess | undefined> {
  const names = ['client-ca.pem', 'operator.pem', 'operator-key.pem'];
  const pki = join(dirname(folder), 'pki');
  const [ca = '', cert = '', key = ''] = await Promise.all(
    names.map((name) => textOf(join(pki, name))),
  );
  return ca === '' || cert === '' || key === '' ? undefined : { tls: { ca, cert, key } };
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
