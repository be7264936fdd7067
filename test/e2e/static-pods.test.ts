/**
 * Goal: members in static pods are moved by their manifests alone. Method: the built command on three real
 * members that a stand-in for the kubelet starts and ends, under a writer; the stand-in starts no process
 * whose pod would not see its TLS files, and notes each file in its folder that is no pod.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { findEtcd } from '../../src/lab/etcd-binary.ts';
import { type Writer, startWriter } from '../../src/lab/writer.ts';
import { type CommandEnd, command } from '../support/command.ts';
import { value } from '../support/etcd-calls.ts';
import { KubeletStandIn } from '../support/kubelet-stand-in.ts';
import { STORY_MS, expectExit } from '../support/lab-rig.ts';
import { TELLS_EVERY_VERSION } from '../support/versions.ts';

const MEMBERS = ['m1', 'm2', 'm3'].map((name, at) => ({
  name,
  address: `127.92.3.${String(at + 1)}`,
}));
const ENDPOINTS = MEMBERS.map(({ address }) => `http://${address}:2379`);
const HEALTHY_MS = 60_000;

let base = '';
let plan = '';
let kubelets: readonly KubeletStandIn[] = [];
let writer: Writer | undefined;

const manifestOf = (name: string): string => path.join(base, name, 'manifests/etcd.yaml');

/** As kubeadm writes it, with a comment of somebody's own; nothing of it says where TLS files could be. */
function manifest(name: string, address: string): string {
  const initial = MEMBERS.map((each) => `${each.name}=http://${each.address}:2380`).join(',');
  return `apiVersion: v1
kind: Pod
metadata:
  name: etcd-${name}
  namespace: kube-system
spec:
  containers:
  - command:
    - etcd
    - --advertise-client-urls=http://${address}:2379
    - --data-dir=${base}/${name}/data
    - --initial-advertise-peer-urls=http://${address}:2380
    - --initial-cluster=${initial}
    # the one for clients and the one for peers
    - --listen-client-urls=http://${address}:2379
    - --listen-peer-urls=http://${address}:2380
    - --name=${name}
    image: registry.k8s.io/etcd
    livenessProbe:
      httpGet: { host: ${address}, path: /health, port: 2379, scheme: HTTP }
    name: etcd
    volumeMounts:
    - mountPath: ${base}/${name}/data
      name: etcd-data
  hostNetwork: true
  volumes:
  - hostPath:
      path: ${base}/${name}/data
      type: DirectoryOrCreate
    name: etcd-data
status: {}
`;
}

function planText(): string {
  const members = MEMBERS.map(
    ({ name }) => `  - name: ${name}
    host: { transport: local }
    service: { manager: static-pod, path: ${manifestOf(name)}, podLogs: ${base}/pods }
    tls: { directory: ${base}/${name}/pki }
    sourceAddresses: [127.0.0.1]
`,
  );
  return `version: 1
name: pods
strategy: fewest-restarts
cluster:
  endpoints: [${ENDPOINTS.join(', ')}]
gates: { quiet: 1s }
members:
${members.join('')}`;
}

const run = (...words: readonly string[]): Promise<CommandEnd> => command([...words, plan]);

beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'peershift-pods-'));
  plan = path.join(base, 'plan.yaml');
  await writeFile(plan, planText());
  const etcd = value(await findEtcd()).path;
  for (const { name, address } of MEMBERS) {
    mkdirSync(path.dirname(manifestOf(name)), { recursive: true });
    writeFileSync(manifestOf(name), manifest(name, address), { mode: 0o600 });
  }
  kubelets = MEMBERS.map(({ name }) => {
    const manifests = path.dirname(manifestOf(name));
    return new KubeletStandIn({ manifests, podLogs: path.join(base, 'pods'), etcd });
  });
  await vi.waitUntil(
    async () => {
      const answers = ENDPOINTS.map((url) => fetch(`${url}/health`).then((each) => each.text()));
      const told = await Promise.all(answers).catch(() => []);
      return told.length === MEMBERS.length && told.every((text) => text.includes('true'));
    },
    { timeout: HEALTHY_MS, interval: 200 },
  );
  writer = startWriter({ endpoints: ENDPOINTS, clients: 6, writesPerSecond: 90, keyPrefix: 'p/' });
}, HEALTHY_MS);

afterAll(async () => {
  await writer?.stop();
  await Promise.all(kubelets.map((each) => each.end()));
  await rm(base, { recursive: true, force: true });
}, HEALTHY_MS);

describe('three members in static pods', () => {
  it(
    'are previewed as changes of their manifests, the volume for their TLS files among them',
    async () => {
      const previewed = await run('preview');
      expectExit(previewed, 0);
      expect(previewed.stdout).toMatch(/\+ +- --listen-peer-urls=https:\/\/127\.92\.3\.1:2380/);
      expect(previewed.stdout).toContain(`+    - mountPath: ${base}/m1/pki`);
    },
    STORY_MS,
  );

  it(
    'speak mutual TLS after one restart each, with no write lost and nothing left in the folder',
    async () => {
      const ended = await run('run', '--yes');
      expectExit(ended, 0);
      expectExit(await run('verify'), 0);
      for (const { name, address } of MEMBERS) {
        const text = await readFile(manifestOf(name), 'utf8');
        expect(text).toContain('    # the one for clients and the one for peers\n');
        expect(text).toContain(`    - --listen-peer-urls=https://${address}:2380\n`);
        expect(await readdir(path.dirname(manifestOf(name)))).toEqual(['etcd.yaml']);
      }
      expect(kubelets.flatMap(({ strangers, unseen }) => [...strangers, ...unseen])).toEqual([]);
      expect(kubelets.map(({ starts }) => starts)).toEqual([2, 2, 2]);
      const { acknowledged } = (await writer?.stop()) ?? { acknowledged: 0 };
      const { read, lost } = value((await writer?.readBack()) ?? { ok: false, error: 'no writer' });
      expect({ read, lost }).toEqual({ read: acknowledged, lost: [] });
      process.stdout.write(
        `static pods: run in ${String(Math.round(ended.tookMs / 1000))} s, ${String(read)} writes\n`,
      );
    },
    STORY_MS,
  );

  it.each(TELLS_EVERY_VERSION ? ['the manifests that they had'] : [])(
    'go back to %s, byte for byte',
    async () => {
      expectExit(await run('rollback', '--yes'), 0);
      for (const { name, address } of MEMBERS) {
        expect(await readFile(manifestOf(name), 'utf8')).toBe(manifest(name, address));
      }
      expect(kubelets.flatMap(({ strangers, unseen }) => [...strangers, ...unseen])).toEqual([]);
    },
    STORY_MS,
  );
});
