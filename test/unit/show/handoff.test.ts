/**
 * Goal: the files for the people around a cluster can be used as they are. Method: one cluster with client TLS and
 * one without; YAML is read back by a YAML reader, shell words by sh, and keys are looked for where none may be.
 */

import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { type HandoffInput, handoffFiles } from '../../../src/show/handoff.ts';

const KEY = '-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n';
const texts = { ca: 'the CA é\n', cert: 'the certificate\n', key: KEY };
const paths = {
  ca: '/etc/ssl/etcd/ca.pem',
  cert: "/etc/o'brien/c.pem",
  key: '/etc/ssl/etcd/k.pem',
};

const secured: HandoffInput = {
  planName: "it's prod",
  members: ['M_1', 'm.1', 'm2'].map((name, index) => ({
    name,
    clientUrls: [`https://10.0.0.${String(index + 1)}:2379`],
    peer: texts,
    server: paths,
  })),
  clientTls: paths,
  client: texts,
  isShared: false,
  noPeerSecrets: undefined,
};

const plain: HandoffInput = {
  ...secured,
  members: secured.members.map((member) => ({
    ...member,
    clientUrls: member.clientUrls.map((url) => url.replace('https', 'http')),
    server: undefined,
  })),
  clientTls: undefined,
  client: undefined,
  isShared: true,
};

function textOf(input: HandoffInput, name: string): string {
  return handoffFiles(input).find((file) => file.name === name)?.text ?? '';
}

describe('the handoff files', () => {
  test('have a scrape job that names the files for TLS', () => {
    expect(parse(textOf(secured, 'prometheus.yml'))).toEqual({
      scrape_configs: [
        {
          job_name: 'etcd',
          scheme: 'https',
          tls_config: { ca_file: paths.ca, cert_file: paths.cert, key_file: paths.key },
          static_configs: [
            {
              targets: ['10.0.0.1:2379', '10.0.0.2:2379', '10.0.0.3:2379'],
              labels: { cluster: "it's prod" },
            },
          ],
        },
      ],
    });
  });

  test('have a scrape job and flags without TLS where clients speak http', () => {
    const job = textOf(plain, 'prometheus.yml');
    expect(job).toContain("scheme: 'http'");
    expect(job).not.toContain('tls_config');
    expect(textOf(plain, 'kube-apiserver.flags')).not.toContain('file=');
    expect(textOf(plain, 'README.txt')).toContain('plain http');
  });

  test('have an environment that sh takes as it is', () => {
    const script = `${textOf(secured, 'etcdctl.env')}printf '%s' "$ETCDCTL_CERT"`;
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(paths.cert);
  });

  test('have flags for the API server', () => {
    expect(textOf(secured, 'kube-apiserver.flags').split('\n')).toEqual([
      '--etcd-servers=https://10.0.0.1:2379,https://10.0.0.2:2379,https://10.0.0.3:2379',
      `--etcd-cafile=${paths.ca}`,
      `--etcd-certfile=${paths.cert}`,
      `--etcd-keyfile=${paths.key}`,
      '',
    ]);
  });

  test('have a peer secret for each member, under names that Kubernetes takes', () => {
    const secrets = handoffFiles(secured).filter(({ name }) => name.startsWith('secret-etcd-peer'));
    const names = secrets.map(
      ({ text }) => (parse(text) as { metadata: { name: string } }).metadata.name,
    );
    expect(names).toEqual(['etcd-peer-tls-m-1-1', 'etcd-peer-tls-m-1-2', 'etcd-peer-tls-m2']);
    const { data } = parse(secrets[0]?.text ?? '') as { data: Record<string, string> };
    const plainText = Object.entries(data).map(([key, text]) => [
      key,
      Buffer.from(text, 'base64').toString(),
    ]);
    expect(Object.fromEntries(plainText)).toEqual({
      ...{ 'peer-ca.crt': texts.ca, 'peer.crt': texts.cert, 'peer.key': texts.key },
    });
  });

  test('have one peer secret when the leaf is shared, and client secrets only with client TLS', () => {
    const names = (input: HandoffInput): readonly string[] =>
      handoffFiles(input)
        .map(({ name }) => name)
        .filter((name) => name.startsWith('secret'));
    expect(names(plain)).toEqual(['secret-etcd-peer-tls.yaml']);
    expect(names(secured)).toContain('secret-etcd-client-tls.yaml');
    expect(names(secured)).toContain('secret-etcd-server-tls.sh');
  });

  test('hold private keys only where they say so, and none when keys stay on the hosts', () => {
    const encoded = Buffer.from(KEY).toString('base64').slice(0, 40);
    for (const { text, hasKey, name } of handoffFiles(secured)) {
      expect(text.includes('PRIVATE KEY-----') || text.includes(encoded), name).toBe(hasKey);
    }
    const stays: HandoffInput = {
      ...{ ...secured, client: undefined, noPeerSecrets: 'they stay' },
      members: secured.members.map((member) => ({ ...member, peer: undefined })),
    };
    expect(handoffFiles(stays).some(({ hasKey }) => hasKey)).toBe(false);
    expect(textOf(stays, 'README.txt')).toContain('No peer secrets: they stay.');
  });
});
