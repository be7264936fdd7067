/** Goal: known_hosts lines mean what they mean to ssh. Method: made-up keys under each way to name a host. */

import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import {
  fingerprint,
  hostKey,
  keysOnFile,
  knownHostsLine,
} from '../../../../src/adapters/ssh/known-hosts.ts';

function keyOf(type: string, body: string) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return hostKey(Buffer.concat([length, Buffer.from(type), Buffer.from(body)]));
}

const A = keyOf('ssh-ed25519', 'a');
const B = keyOf('ssh-rsa', 'b');
const text = (key: typeof A): string => `${key.type} ${key.blob.toString('base64')}`;
const found = (lines: string, host: string, port = 22): number =>
  keysOnFile([lines], host, port).trusted.length;

describe('keys on file', () => {
  it.each([
    ['by name', 'box', 'box', 22, 1],
    ['whatever the case', 'Box', 'bOX', 22, 1],
    ['by one of several names', '10.0.0.1,box', 'box', 22, 1],
    ['not by a part of a name', 'bo', 'box', 22, 0],
    ['by a pattern', 'b?x*', 'box.example', 22, 1],
    ['not where a negated pattern fits', '*,!box', 'box', 22, 0],
    ['by name and port', '[box]:2222', 'box', 2222, 1],
    ['not by another port', '[box]:2222', 'box', 2223, 0],
    ['not at port 22 by a line for another one', '[box]:2222', 'box', 22, 0],
    ['at another port by a line without one', 'box', 'box', 2222, 1],
  ])('are found %s', (_how, names, host, port, count) => {
    expect(found(`# note\n\n${names} ${text(A)} comment\n`, host, port)).toBe(count);
  });

  it('are found under a hashed name', () => {
    const salt = Buffer.from('0123456789abcdefghij');
    const hash = createHmac('sha1', salt).update('[box]:2222').digest('base64');
    const line = `|1|${salt.toString('base64')}|${hash} ${text(A)}`;
    expect(found(line, 'box', 2222)).toBe(1);
    expect(found(line, 'box', 22)).toBe(0);
  });

  it('are told apart from revoked ones and authorities', () => {
    const lines = `@revoked * ${text(A)}\n@cert-authority *.example ${text(B)}\nbox ${text(B)}\n`;
    expect(keysOnFile([lines], 'box', 22)).toEqual({
      trusted: [B],
      revoked: [A],
      hasAuthority: false,
    });
    expect(keysOnFile([lines], 'a.example', 22)).toMatchObject({ trusted: [], hasAuthority: true });
  });

  it('leave out what is no line of the kind', () => {
    expect(found('box\nbox ssh-ed25519\nbox ssh-rsa AAAA\nbox 1024 65537 123\n', 'box')).toBe(0);
  });

  it('are written as they are read, and shown as ssh-keygen shows them', () => {
    expect(found(knownHostsLine('box', 2222, A), 'box', 2222)).toBe(1);
    expect(fingerprint(A)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });
});
