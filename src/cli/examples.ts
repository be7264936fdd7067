/** What a person would type, command by command: at the end of each --help, and in the manual page. */

import type { Command } from '@commander-js/extra-typings';

/** By the words of the command; each line is one that the command line takes as it stands. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  '': [
    'peershift lab demo',
    'peershift init --endpoint http://10.0.0.1:2379 --ssh root@{host}',
    'peershift preview peershift.yaml',
    'peershift run peershift.yaml',
  ],
  init: [
    'peershift init --endpoint http://10.0.0.1:2379 --ssh root@{host}',
    'peershift init --endpoint http://127.0.0.1:2379 --local --out plans/here.yaml',
  ],
  check: ['peershift check peershift.yaml', 'peershift check peershift.yaml --rehearse'],
  preview: [
    'peershift preview peershift.yaml',
    'peershift preview peershift.yaml --compare',
    'peershift preview peershift.yaml --graph svg',
    'peershift preview peershift.yaml --out rollout.json',
  ],
  run: [
    'peershift run peershift.yaml --watch-writes',
    'peershift run rollout.json --yes',
    'peershift run peershift.yaml --stop-before strict --only-during 22:00-05:00',
  ],
  resume: ['peershift resume peershift.yaml', 'peershift resume peershift.yaml --until m3'],
  rollback: ['peershift rollback peershift.yaml'],
  rescue: [
    'peershift rescue peershift.yaml',
    'peershift rescue peershift.yaml --rescue-with auto-tls',
    'peershift rescue peershift.yaml --restore-from m1',
  ],
  pause: ['peershift pause peershift.yaml'],
  status: ['peershift status peershift.yaml --watch', 'peershift status peershift.yaml --json'],
  verify: ['peershift verify peershift.yaml'],
  report: ['peershift report peershift.yaml', 'peershift report peershift.yaml --html report.html'],
  explain: [
    'peershift explain m1.log m2.log m3.log --plan peershift.yaml',
    'peershift explain GATE_FAILED',
  ],
  'certs issue': [
    'peershift certs issue --ca --name etcd-peers --out pki/ca',
    'peershift certs issue --ca-cert pki/ca.pem --ca-key pki/ca-key.pem --name m1 --hostname 10.0.0.1 --out pki/m1',
  ],
  'certs csr': ['peershift certs csr --name m1 --hostname 10.0.0.1 --out pki/m1'],
  'certs import': ['peershift certs import returned.p7b --key pki/m1-key.pem --out pki/m1'],
  'certs inspect': ['peershift certs inspect pki/m1.pem pki/ca.pem'],
  'certs verify': ['peershift certs verify peershift.yaml'],
  'lab up': ['peershift lab up', 'peershift lab up --members 5 --dir five'],
  'lab status': ['peershift lab status'],
  'lab down': ['peershift lab down --purge'],
  'lab demo': ['peershift lab demo', 'peershift lab demo --members 5 --keep'],
  completion: ['peershift completion bash', 'peershift completion man'],
};

/** At the end of the help of each command that has some. */
export function addExamples(command: Command, words = ''): void {
  const lines = EXAMPLES[words] ?? [];
  if (lines.length > 0) {
    command.addHelpText('after', ['\nExamples:', ...lines.map((line) => `  ${line}`)].join('\n'));
  }
  for (const inner of command.commands) {
    addExamples(inner as Command, words === '' ? inner.name() : `${words} ${inner.name()}`);
  }
}
