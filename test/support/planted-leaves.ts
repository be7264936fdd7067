/** Turns a lab into a CA of our own and leaves of our choice, good ones and bad ones. */

import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { makePki } from '../../src/adapters/pki/pki.ts';
import { value } from './etcd-calls.ts';

const TERMS = { algorithm: 'ecdsa-p256', days: 30 } as const;

const pki = makePki(
  () => Date.now(),
  (bytes) => randomBytes(bytes),
);

export class PlantedAuthority {
  readonly folder: string;
  readonly #texts: { certificatePem: string; keyPem: string };

  constructor(folder: string, texts: { certificatePem: string; keyPem: string }) {
    this.folder = folder;
    this.#texts = texts;
  }

  /** The line of a plan file that names this CA. */
  get planCa(): string {
    return `{ cert: ${this.at('ca.pem')}, key: ${this.at('ca-key.pem')} }`;
  }

  at(file: string): string {
    return path.join(this.folder, file);
  }

  /** Writes `NAME.pem` and `NAME-key.pem` for these addresses alone. */
  async leaf(name: string, ipAddresses: readonly string[]): Promise<void> {
    const names = { commonName: name, dnsNames: [], ipAddresses };
    const issued = value(await pki.issueLeaf(this.#texts, { ...names, ...TERMS }));
    await writeFile(this.at(`${name}.pem`), issued.certificatePem);
    await writeFile(this.at(`${name}-key.pem`), issued.keyPem, { mode: 0o600 });
  }
}

/** A new CA, with `ca.pem` and `ca-key.pem` in the folder. */
export async function plantAuthority(folder: string): Promise<PlantedAuthority> {
  const texts = value(await pki.makeAuthority(path.basename(folder), TERMS.algorithm, TERMS.days));
  await mkdir(folder, { recursive: true });
  const authority = new PlantedAuthority(folder, texts);
  await writeFile(authority.at('ca.pem'), texts.certificatePem);
  await writeFile(authority.at('ca-key.pem'), texts.keyPem, { mode: 0o600 });
  return authority;
}

/** A plan file with certificates from files; `pick` names the certificate's and the key's file of a member. */
export function withLeaves(
  text: string,
  authority: PlantedAuthority,
  pick: (name: string) => readonly [cert: string, key: string] = (name) => [name, name],
): string {
  const at = (file: string): string => authority.at(file);
  const pki = `pki:\n  mode: provided\n  ca: { cert: ${at('ca.pem')} }\n`;
  return text
    .replace(/pki:\n {2}mode: issue\n {2}directory: \.\/pki\n/, pki)
    .replaceAll(/ {2}- name: (m\d)\n/g, (line, name: string) => {
      const [cert, key] = pick(name);
      const files = `{ cert: ${at(`${cert}.pem`)}, key: ${at(`${key}-key.pem`)} }`;
      return `${line}    certificate: ${files}\n`;
    });
}
