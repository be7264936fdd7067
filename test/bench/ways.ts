/**
 * Turns a lab on http into one that went another way than peershift's: a bare rolling restart, the archived order
 * of the CoreOS guide, and a playbook as people write it.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { fieldOf, Gateway } from '../../src/lab/gateway.ts';
import { type Lab, type LabMember, PEER_PORT } from '../../src/lab/lab-folder.ts';
import { startMember, stopMember } from '../../src/lab/member-process.ts';
import { value } from '../support/etcd-calls.ts';
import { program } from '../support/programs.ts';
import { pause } from './clients.ts';

const CALL_MS = 5000;
const LOOK_MS = 50;
/** Somebody who waits for health gives up at some time, and goes on. */
const HEALTH_MS = 30_000;
/** As in playbooks that are passed around: long enough, it is hoped. */
const PLAYBOOK_PAUSE_SECONDS = 10;
const PLAYBOOK_MS = 600_000;

/** A rolling restart that waits for nothing but health, whoever leads handed over first: the floor. */
export async function rollingRestarts({ members }: Lab, restarts: number): Promise<void> {
  for (let at = 0; at < restarts; at += 1) {
    const member = at < members.length ? members[at] : members[at % members.length];
    if (member === undefined) throw new Error('the lab has no members');
    await handOver(members, member);
    await restarted(member);
  }
}

/** Trust and leaves everywhere, the URLs of all but the last at once, then the listeners one by one. */
export async function coreOsOrder({ members }: Lab): Promise<void> {
  for (const member of members) {
    await addSettings(member, leafSettings(member));
    await restarted(member);
  }
  for (const member of members.slice(0, -1)) await advertiseHttps(members, member);
  for (const [at, member] of members.entries()) {
    if (at === members.length - 1) await advertiseHttps(members, member);
    await addSettings(member, listenerSettings(member));
    await restarted(member);
  }
}

/** serial: 1; each host gets everything, is restarted, is updated in the list, and ten seconds are waited. */
export async function playbook(lab: Lab): Promise<void> {
  const folder = path.join(lab.dir, 'ansible');
  await mkdir(folder, { recursive: true });
  const hosts = await Promise.all(
    lab.members.map(async (member) => {
      const id = await memberId(lab.members, member);
      return `${member.name} ansible_connection=local folder=${member.folder} address=${member.address} id=${id}`;
    }),
  );
  await writeFile(path.join(folder, 'hosts'), `[etcd]\n${hosts.join('\n')}\n`);
  await writeFile(path.join(folder, 'tls.yml'), PLAYBOOK);
  const argv = ['ansible-playbook', '-i', path.join(folder, 'hosts'), path.join(folder, 'tls.yml')];
  await program(argv, { deadlineMs: PLAYBOOK_MS, environment: { LC_ALL: 'C.UTF-8' } });
}

const PLAYBOOK = `- hosts: etcd
  serial: 1
  gather_facts: false
  tasks:
    - name: settings of the peer listener and its certificate
      ansible.builtin.lineinfile:
        path: "{{ folder }}/etcd.env"
        regexp: "^{{ item.key }}="
        line: "{{ item.key }}={{ item.value }}"
      loop:
        - { key: ETCD_LISTEN_PEER_URLS, value: "https://{{ address }}:${String(PEER_PORT)}" }
        - { key: ETCD_INITIAL_ADVERTISE_PEER_URLS, value: "https://{{ address }}:${String(PEER_PORT)}" }
        - { key: ETCD_PEER_CERT_FILE, value: "{{ folder }}/bench-pki/peer.pem" }
        - { key: ETCD_PEER_KEY_FILE, value: "{{ folder }}/bench-pki/peer-key.pem" }
        - { key: ETCD_PEER_TRUSTED_CA_FILE, value: "{{ folder }}/bench-pki/ca.pem" }
        - { key: ETCD_PEER_CLIENT_CERT_AUTH, value: "true" }
    - name: restart etcd
      ansible.builtin.shell: "sh {{ folder }}/stop.sh && sh {{ folder }}/start.sh"
    - name: the new URL in the member list
      ansible.builtin.uri:
        url: "http://{{ address }}:2379/v3/cluster/member/update"
        method: POST
        body_format: json
        body: { ID: "{{ id }}", peerURLs: ["https://{{ address }}:${String(PEER_PORT)}"] }
      register: updated
      until: updated.status == 200
      retries: 10
      delay: 1
    - name: let it settle
      ansible.builtin.pause: { seconds: ${String(PLAYBOOK_PAUSE_SECONDS)} }
`;

/** A CA and one leaf for each member, where its settings can name them; not part of what is measured. */
export async function makeLeaves(lab: Lab, peershift: readonly string[]): Promise<void> {
  const ca = path.join(lab.dir, 'bench-ca');
  await program([...peershift, 'certs', 'issue', '--ca', '--name', 'bench', '--out', ca]);
  for (const { name, folder, address } of lab.members) {
    const out = path.join(folder, 'bench-pki');
    await mkdir(out, { recursive: true });
    const by = ['--ca-cert', `${ca}.pem`, '--ca-key', `${ca}-key.pem`];
    const names = ['--name', name, '--hostname', `${address},127.0.0.1`];
    await program([...peershift, 'certs', 'issue', ...by, ...names, '--out', `${out}/peer`]);
    await writeFile(path.join(out, 'ca.pem'), await readFile(`${ca}.pem`));
  }
}

function leafSettings({ folder }: LabMember): Readonly<Record<string, string>> {
  return {
    ETCD_PEER_CERT_FILE: `${folder}/bench-pki/peer.pem`,
    ETCD_PEER_KEY_FILE: `${folder}/bench-pki/peer-key.pem`,
    ETCD_PEER_TRUSTED_CA_FILE: `${folder}/bench-pki/ca.pem`,
  };
}

function listenerSettings({ address }: LabMember): Readonly<Record<string, string>> {
  return {
    ETCD_LISTEN_PEER_URLS: httpsUrl(address),
    ETCD_INITIAL_ADVERTISE_PEER_URLS: httpsUrl(address),
    ETCD_PEER_CLIENT_CERT_AUTH: 'true',
  };
}

async function addSettings(
  { folder }: LabMember,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const file = path.join(folder, 'etcd.env');
  const kept = (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => !Object.keys(settings).some((name) => line.startsWith(`${name}=`)));
  const added = Object.entries(settings).map(([name, text]) => `${name}=${text}`);
  await writeFile(file, `${[...kept, ...added].join('\n').trimEnd()}\n`);
}

async function restarted(member: LabMember): Promise<void> {
  value(await stopMember(member));
  value(await startMember(member));
  const giveUpAtMs = performance.now() + HEALTH_MS;
  const gateway = new Gateway(member.endpoint);
  try {
    while (performance.now() < giveUpAtMs) {
      const health = await gateway.get('/health', CALL_MS);
      if (health.kind === 'answered' && health.text.includes('"true"')) return;
      await pause(LOOK_MS);
    }
  } finally {
    gateway.close();
  }
}

async function handOver(members: readonly LabMember[], next: LabMember): Promise<void> {
  const gateway = new Gateway(next.endpoint);
  try {
    const answer = await gateway.call('/maintenance/status', {}, CALL_MS);
    if (answer.kind !== 'answered') return;
    const id = await memberId(members, next);
    if (fieldOf(answer.text, 'leader') !== id) return;
    const other = members.find(({ name }) => name !== next.name);
    if (other === undefined) return;
    const targetID = await memberId(members, other);
    await gateway.call('/maintenance/transfer-leadership', { targetID }, CALL_MS);
  } finally {
    gateway.close();
  }
}

async function advertiseHttps(members: readonly LabMember[], member: LabMember): Promise<void> {
  const ID = await memberId(members, member);
  const peerURLs = [httpsUrl(member.address)];
  await firstAnswer(members, '/cluster/member/update', { ID, peerURLs });
}

/** Decimal, as the gateway has it. */
async function memberId(members: readonly LabMember[], { name }: LabMember): Promise<string> {
  const text = await firstAnswer(members, '/cluster/member/list', {});
  const listed = fieldOf(text, 'members') as readonly { ID: string; name: string }[];
  const found = listed.find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name} is not in the member list`);
  return found.ID;
}

async function firstAnswer(
  members: readonly LabMember[],
  call: string,
  body: object,
): Promise<string> {
  for (const { endpoint } of members) {
    const gateway = new Gateway(endpoint);
    const answer = await gateway.call(call, body, CALL_MS);
    gateway.close();
    if (answer.kind === 'answered' && answer.status === 200) return answer.text;
  }
  throw new Error(`no member answers ${call}`);
}

function httpsUrl(address: string): string {
  return `https://${address}:${String(PEER_PORT)}`;
}
