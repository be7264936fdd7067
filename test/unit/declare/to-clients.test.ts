/** The client side of a plan file: what follows from the scope alone, and what cannot be meant. */

import { describe, expect, it } from 'vitest';

import { declare } from '../../../src/declare/declare.ts';
import type { DesiredSpec } from '../../../src/model/desired.ts';
import { FOLDERS, minimalWith } from './plan-files.ts';

function spec(text: string): DesiredSpec {
  const result = declare(text, 'plan.yaml', FOLDERS);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function problems(text: string): readonly string[] {
  const result = declare(text, 'plan.yaml', FOLDERS);
  return result.ok ? [] : result.error.map(({ path, message }) => `${path}: ${message}`);
}

describe('the client side of a plan file', () => {
  it('is not there where the scope is the peers', () => {
    expect(spec(minimalWith('')).clients).toBeUndefined();
  });

  it.each(['client', 'peer+client'])(
    'of scope %s is a CA of its own, certificates asked for, and one for peershift itself',
    (scope) => {
      const { clients, cluster, pki } = spec(minimalWith(`scope: ${scope}`));
      expect(clients).toEqual({
        certAuth: true,
        ca: { cert: `${pki.directory}/client-ca.pem`, key: `${pki.directory}/client-ca-key.pem` },
        isGivenCa: false,
      });
      expect(cluster.tls).toEqual({
        ca: `${pki.directory}/client-ca.pem`,
        cert: `${pki.directory}/operator.pem`,
        key: `${pki.directory}/operator-key.pem`,
      });
    },
  );

  it('may leave the certificates out', () => {
    expect(spec(minimalWith('scope: client\nclients: { certAuth: false }')).clients?.certAuth).toBe(
      false,
    );
  });

  it('means nothing without the scope', () => {
    expect(problems(minimalWith('clients: { certAuth: false }'))).toEqual([
      'clients: clients stands without a scope that moves the clients, and nothing would use it',
    ]);
  });

  it("is never of the peers' CA", () => {
    const text = [
      'scope: client',
      'pki: { ca: { cert: pki/ca.pem, key: pki/ca-key.pem } }',
      'clients: { ca: { cert: pki/ca.pem, key: pki/ca-key.pem } }',
    ].join('\n');
    expect(problems(minimalWith(text))).toEqual([
      "clients.ca.cert: clients.ca is the peers' CA: a client certificate of it could join as a peer",
    ]);
  });

  it('issues with the key of a CA that is given', () => {
    expect(problems(minimalWith('scope: client\nclients: { ca: { cert: pki/c.pem } }'))).toEqual([
      'clients.ca: clients.ca.key is missing: an existing CA issues with its key',
    ]);
  });

  it('names CA, certificates and its own files where they are provided', () => {
    const found = problems(
      minimalWith('scope: client\npki: { mode: provided, ca: { cert: pki/ca.pem } }'),
    );
    expect(found.join('\n')).toContain('clients.ca is missing');
    expect(found.join('\n')).toContain('cluster.tls is missing');
    expect(found.join('\n')).toContain('clientCertificate has no cert and key');
  });

  it('asks for nothing of the peers where they stay as they are', () => {
    const found = problems(minimalWith('scope: client\npki: { mode: provided }')).join('\n');
    expect(found).toContain('clientCertificate has no cert and key');
    expect(found).not.toContain('].certificate has no cert');
    expect(found).not.toContain('pki.ca is missing');
  });

  it('takes http endpoints beside TLS files, for the day they answer https', () => {
    const text = minimalWith('scope: client').replace(
      /endpoints: .*/u,
      (line) => `${line}\n  tls: { ca: pki/op-ca.pem }`,
    );
    expect(problems(text)).toEqual([]);
  });
});
