/** Plan files for the tests of declare: the smallest one, one with every key, and parts to go wrong. */

export const FOLDERS = { baseDir: '/srv/plans', homeDir: '/home/op' } as const;

export const MINIMAL = `version: 1
name: prod
cluster:
  endpoints: [http://10.0.0.1:2379]
members:
  - name: m1
`;

/** Every key of the format with its value, for a cluster whose clients use https. */
export const COMPLETE = `version: 1
name: prod-etcd
strategy: documented
scope: peer
memberApi: grpc
cluster:
  endpoints: [https://10.0.0.1:2379, https://10.0.0.2:2379, https://10.0.0.3:2379]
  via: direct
  tls: { ca: pki/ca.pem, cert: pki/client.pem, key: pki/client-key.pem }
  auth: { username: root, password: { env: PEERSHIFT_PASSWORD } }
pki:
  mode: issue
  directory: ./pki
  ca: { cert: pki/ca.pem, key: pki/ca-key.pem }
  algorithm: ecdsa-p256
  days: 1825
  shared: false
defaults:
  host: { transport: ssh, user: root, port: 22, identityFile: ~/.ssh/id_ed25519 }
  service: { manager: systemd, unit: etcd }
  config: { format: env-file, path: /etc/default/etcd }
  tls: { directory: /etc/etcd/pki }
members:
  - name: m1
    host: { address: 10.0.0.1 }
    peerUrl: https://10.0.0.1:2380
    certificate: { sans: [] }
    sourceAddresses: []
    listenPeerUrls: []
  - name: m2
    host: { address: 10.0.0.2 }
  - name: m3
    host: { address: 10.0.0.3 }
order: [m3, m2, m1]
accept: []
gates: { start: 10m, timeout: 60s, quiet: 8s, maxLag: 1000, canary: false, deadman: off }
hooks: {}
onFailure: rollback
backup: true
`;

/** The minimal file with more lines at its end, the first of them line 7. */
export function minimalWith(lines: string): string {
  return `${MINIMAL}${lines}\n`;
}

/** The minimal file with more lines in its one member, the first of them line 7. */
export function memberWith(...lines: readonly string[]): string {
  return `${MINIMAL}${lines.map((line) => `    ${line}\n`).join('')}`;
}

/** The minimal file with more lines in its cluster, the first of them line 5. */
export function clusterWith(...lines: readonly string[]): string {
  const block = lines.map((line) => `  ${line}\n`).join('');
  return MINIMAL.replace('members:', `${block}members:`);
}
