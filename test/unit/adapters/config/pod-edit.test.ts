/** Goal: a kubeadm manifest is read as the kubelet would start it and edited without touching another byte; what would end the member is a reason not to. Method: tables. */

import { describe, expect, it } from 'vitest';

import { editPod, readPod } from '../../../../src/adapters/config/pod-edit.ts';
import { podNameOf } from '../../../../src/adapters/config/pod-manifest.ts';
import type { SettingChange } from '../../../../src/model/settings.ts';

/** As kubeadm writes it, shortened, with a comment of somebody's own. */
const KUBEADM = `apiVersion: v1
kind: Pod
metadata:
  name: etcd
  namespace: kube-system
spec:
  containers:
  - command:
    - etcd
    - --advertise-client-urls=http://10.0.0.1:2379
    - --data-dir=/var/lib/etcd
    # ours: metrics for the probes
    - --listen-metrics-urls=http://127.0.0.1:2381
    - --listen-peer-urls=http://10.0.0.1:2380
    - --name=m1
    image: registry.k8s.io/etcd:3.5.16-0
    livenessProbe:
      httpGet:
        host: 127.0.0.1
        path: /health
        port: 2381
        scheme: HTTP
    name: etcd
    volumeMounts:
    - mountPath: /var/lib/etcd
      name: etcd-data
    - mountPath: /etc/kubernetes/pki/etcd
      name: etcd-certs
  hostNetwork: true
  volumes:
  - hostPath:
      path: /etc/kubernetes/pki/etcd
      type: DirectoryOrCreate
    name: etcd-certs
  - hostPath:
      path: /var/lib/etcd
      type: DirectoryOrCreate
    name: etcd-data
status: {}
`;

const set = (flag: string, to: string): SettingChange => ({ flag, from: undefined, to });
const unset = (flag: string): SettingChange => ({ flag, from: 'x', to: undefined });
const CERT = set('peer-cert-file', '/etc/kubernetes/pki/etcd/peershift/peer.pem');
const ELSEWHERE = set('peer-cert-file', '/etc/etcd/pki/peer.pem');

function edited(text: string, ...changes: readonly SettingChange[]): string {
  const result = editPod(text, changes);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

/** Lines that came (+) and went (-). */
function changed(text: string, ...changes: readonly SettingChange[]): readonly string[] {
  const before = text.split('\n');
  const after = edited(text, ...changes).split('\n');
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `-${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+${line}`),
  ];
}

describe('reading a manifest', () => {
  it('finds the flags, with their lines, and nothing against it', () => {
    const { settings, lines, problems } = readPod(KUBEADM);
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({ name: 'm1', 'listen-peer-urls': 'http://10.0.0.1:2380' });
    expect(lines['listen-peer-urls']).toBe(14);
    expect(podNameOf(KUBEADM)).toEqual({
      ...{ namespace: 'kube-system', name: 'etcd', container: 'etcd' },
    });
  });

  it('reads flags of two words, in args, and in quotes', () => {
    const text = KUBEADM.replace('    - --name=m1\n', '    args:\n    - "--name"\n    - \'m1\'\n');
    expect(readPod(text)).toMatchObject({ problems: [], settings: { name: 'm1' } });
    expect(changed(text, set('name', 'm2'))).toEqual(["-    - 'm1'", '+    - "m2"']);
  });

  it.each([
    ['no YAML', 'a: [', 'it is no YAML'],
    ['no pod', 'kind: Deployment\n', 'no manifest of a Pod'],
    [
      'a shell around etcd',
      KUBEADM.replace('    - etcd\n', '    - sh\n    - -c\n'),
      'a shell around it hides the flags',
    ],
    [
      'variables of etcd',
      KUBEADM.replace(
        '    name: etcd\n',
        '    name: etcd\n    env:\n    - name: ETCD_NAME\n      value: a\n',
      ),
      'its env has ETCD_NAME',
    ],
    [
      'a variable of the pod in a setting of ours',
      KUBEADM.replace('http://10.0.0.1:2380', 'http://$(POD_IP):2380'),
      '--listen-peer-urls has a variable',
    ],
    [
      'a probe of the peer port',
      KUBEADM.replace('port: 2381', 'port: 2380'),
      'its livenessProbe asks the peer port 2380',
    ],
    ['a config file', KUBEADM.replace('--name=m1', '--config-file=/e.yaml'), 'reads a config file'],
    [
      'one line for all words',
      KUBEADM.replace(/ {2}- command:\n(?: {4}(?:-|#) .*\n)+/, '  - command: [etcd, --name=m1]\n'),
      'stands on one line',
    ],
  ])('says of %s why it cannot be edited', (_, text, reason) => {
    expect(readPod(text).problems.join()).toContain(reason);
    expect(editPod(text, [CERT])).toMatchObject({ ok: false });
  });

  it('lets a probe of the metrics port be', () => {
    expect(edited(KUBEADM, CERT)).toContain('        port: 2381\n');
  });
});

describe('editing a manifest', () => {
  it('replaces, adds and takes away flags, and keeps comments and order', () => {
    const changes = [
      set('listen-peer-urls', 'https://10.0.0.1:2380'),
      set('peer-client-cert-auth', 'true'),
      unset('listen-metrics-urls'),
    ];
    expect(changed(KUBEADM, ...changes)).toEqual([
      '-    - --listen-metrics-urls=http://127.0.0.1:2381',
      '-    - --listen-peer-urls=http://10.0.0.1:2380',
      '+    - --listen-peer-urls=https://10.0.0.1:2380',
      '+    - --peer-client-cert-auth=true',
    ]);
    expect(edited(KUBEADM, ...changes)).toContain(
      '--name=m1\n    - --peer-client-cert-auth=true\n',
    );
  });

  it('is undone by the opposite changes', () => {
    const there = edited(KUBEADM, set('initial-cluster-state', 'existing'));
    expect(edited(there, unset('initial-cluster-state'))).toBe(KUBEADM);
  });

  it('leaves the mounts alone where one covers the folder of the files', () => {
    expect(changed(KUBEADM, CERT)).toEqual([
      '+    - --peer-cert-file=/etc/kubernetes/pki/etcd/peershift/peer.pem',
    ]);
  });

  it('mounts the folder of the files where none does, once', () => {
    const text = edited(KUBEADM, ELSEWHERE, set('peer-key-file', '/etc/etcd/pki/peer-key.pem'));
    expect(text).toContain(
      '      name: etcd-certs\n    - mountPath: /etc/etcd/pki\n      name: peershift-pki\n      readOnly: true\n  hostNetwork',
    );
    expect(text).toContain(
      '    name: etcd-data\n  - hostPath:\n      path: /etc/etcd/pki\n      type: DirectoryOrCreate\n    name: peershift-pki\nstatus',
    );
    expect(text.match(/mountPath: \/etc\/etcd\/pki\n/g)).toHaveLength(1);
    expect(edited(text, ELSEWHERE)).toBe(text);
  });

  it('makes the lists of mounts and volumes where there are none', () => {
    const bare = KUBEADM.replace(/ {4}volumeMounts:[^]*?(?= {2}hostNetwork)/, '').replace(
      / {2}volumes:[^]*?(?=status)/,
      '',
    );
    const text = edited(bare, ELSEWHERE);
    expect(text).toContain('    name: etcd\n    volumeMounts:\n    - mountPath: /etc/etcd/pki\n');
    expect(text).toContain('  hostNetwork: true\n  volumes:\n  - hostPath:\n');
  });

  it('refuses a folder that is another one on the host', () => {
    const other = KUBEADM.replace(
      '      path: /etc/kubernetes/pki/etcd\n',
      '      path: /srv/pki\n',
    );
    const result = editPod(other, [CERT]);
    expect(result.ok ? '' : result.error).toContain('is /srv/pki of the host');
  });
});
