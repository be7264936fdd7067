/** What a plan file means where it says nothing: the one table that the shape and the reader share. */

export const DEFAULTS = {
  strategy: 'documented',
  scope: 'peer',
  memberApi: 'grpc',
  via: 'direct',
  pki: { mode: 'issue', directory: './pki', algorithm: 'ecdsa-p256', days: 1825, shared: false },
  clients: { certAuth: true, ca: 'client-ca', operator: 'operator' },
  host: { transport: 'ssh', user: 'root', port: 22, identityFile: '~/.ssh/id_ed25519' },
  service: { manager: 'systemd', unit: 'etcd', binary: 'docker', podLogs: '/var/log/pods' },
  config: { format: 'env-file', path: '/etc/default/etcd' },
  tls: { directory: '/etc/etcd/pki' },
  gates: {
    start: '10m',
    timeout: '60s',
    quiet: '8s',
    maxLag: 1000,
    canary: false,
    longestGap: '10s',
    deadman: 'off',
    maxFsync: 'off',
    maxPending: 'off',
  },
  onFailure: 'rollback',
  backup: true,
} as const;
