/** Turns settings as people write them into one spelling, without what must not be kept. */

import type { Settings } from './settings.ts';

/** Booleans as `true` or `false`, empty values and secrets left out, in flag order. */
export function cleanSettings(settings: Settings): Settings {
  const entries = Object.entries(settings)
    .filter(([flag, value]) => value !== '' && !SECRET.test(flag))
    .map(([flag, value]): [string, string] => [
      flag,
      BOOLEAN_FLAGS.has(flag) ? booleanText(value) : value,
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

/**
 * Settings go into journals and reports; container images put passwords in variables named ETCD_.
 */
const SECRET = /password|secret|token|^discovery/;

/** Go's strconv.ParseBool; what it refuses stays as it is. */
function booleanText(value: string): string {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)) return 'true';
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(value) ? 'false' : value;
}

/** The boolean flags of etcd 3.2 to 3.6 (etcdmain/config.go). */
export const BOOLEAN_FLAGS: ReadonlySet<string> = new Set([
  ...['auto-tls', 'client-cert-auth', 'peer-auto-tls', 'peer-client-cert-auth'],
  ...['peer-skip-client-san-verification', 'experimental-peer-skip-client-san-verification'],
  ...['force-new-cluster', 'unsafe-no-fsync', 'strict-reconfig-check', 'pre-vote'],
  ...[
    'initial-election-tick-advance',
    'enable-v2',
    'enable-pprof',
    'debug',
    'version',
    'help',
    'h',
  ],
  ...['enable-log-rotation', 'enable-grpc-gateway', 'socket-reuse-port', 'socket-reuse-address'],
  ...['discovery-insecure-transport', 'discovery-insecure-skip-tls-verify'],
  ...['experimental-initial-corrupt-check', 'experimental-compact-hash-check-enabled'],
  ...['experimental-enable-lease-checkpoint', 'experimental-enable-lease-checkpoint-persist'],
  ...['experimental-enable-distributed-tracing', 'enable-distributed-tracing'],
  ...['experimental-memory-mlock', 'memory-mlock'],
  ...['experimental-txn-mode-write-with-shared-buffer'],
  ...['experimental-stop-grpc-service-on-defrag', 'stop-grpc-service-on-defrag'],
]);
