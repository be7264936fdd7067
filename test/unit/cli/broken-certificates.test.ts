/**
 * Goal: a broken certificate, key or bundle is refused in one line that names the file and the reason, and no
 * key ever shows. Method: some are made by hand in every way people break them; the rest are seeded damages of
 * good files (cuts, flipped bits, lost, doubled and swapped lines), except those that change no byte of meaning.
 * All go through `certs inspect` in one call.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';

import { inspect } from '../../../src/cli/commands/certs-look.ts';
import { authority, bench, leafOf } from '../adapters/pki/openssl.ts';

const SEED = 20261122;
const FUZZED = 170;

const folder = mkdtempSync(path.join(tmpdir(), 'peershift-broken-'));
const on = bench();
afterAll(async () => {
  on.end();
  await rm(folder, { recursive: true, force: true });
});

/** Numbers below `limit`, the same ones for the same seed (Lehmer). */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}

/** One damage of a text; which one and where the numbers say. */
function damaged(text: string, pick: (limit: number) => number): string {
  const lines = text.trimEnd().split('\n');
  const at = pick(lines.length);
  const line = lines[at] ?? '';
  switch (pick(6)) {
    case 0:
      return text.slice(0, pick(text.length - 40));
    case 1:
      return lines.toSpliced(at, 1).join('\n');
    case 2:
      return lines.toSpliced(at, 0, line).join('\n');
    case 3:
      return lines.with(at, lines[(at + 1) % lines.length] ?? '').join('\n');
    case 4: {
      const place = pick(Math.max(1, line.length));
      const other = String.fromCharCode(33 + pick(90));
      return lines.with(at, line.slice(0, place) + other + line.slice(place + 1)).join('\n');
    }
    default:
      return lines.with(at, line.split('').reverse().join('')).join('\n');
  }
}

/** Do both texts hold the same certificates and the same key, whatever else changed? */
function meansTheSame(text: string, good: string): boolean {
  const meaning = (pem: string): string => {
    const blocks = pem.match(/-----BEGIN ([A-Z ]+)-----[\s\S]*?-----END \1-----/g) ?? [];
    return blocks
      .map((block) =>
        block.includes('PRIVATE KEY')
          ? createPrivateKey(block).export({ type: 'pkcs8', format: 'der' }).toString('hex')
          : new X509Certificate(block).raw.toString('hex'),
      )
      .join();
  };
  try {
    return meaning(text) === meaning(good);
  } catch {
    return false;
  }
}

interface Broken {
  readonly file: string;
  readonly content: string | Buffer;
  readonly because?: RegExp;
}

/** By hand: each with words of its reason. */
function madeByHand(ca: string, leaf: string, key: string, other: string): readonly Broken[] {
  on.put('key.pem', key);
  on.put('leaf.pem', leaf);
  const encrypted = on.openssl(...'pkcs8 -topk8 -in key.pem -passout pass:geheim'.split(' '));
  const older = on.openssl(...'ec -in key.pem -aes128 -passout pass:geheim'.split(' '));
  on.openssl(
    ...'pkcs12 -export -in leaf.pem -inkey key.pem -passout pass:geheim -out all.p12'.split(' '),
  );
  const p12 = Buffer.from(on.openssl(...'base64 -in all.p12'.split(' ')), 'base64');
  const odd = on.openssl(...'ecparam -name secp256k1 -genkey -noout'.split(' '));
  const der = new X509Certificate(leaf).raw;
  return [
    { file: 'empty.pem', content: '', because: /empty/ },
    { file: 'prose.pem', content: 'this is no certificate\n', because: /no PEM block/ },
    { file: 'bom.pem', content: `\ufeff${leaf}`, because: /byte order mark/ },
    { file: 'utf16.pem', content: Buffer.from(`\ufeff${leaf}`, 'utf16le'), because: /UTF-16/ },
    { file: 'zeros.pem', content: Buffer.alloc(900), because: /zero bytes/ },
    { file: 'encrypted-key.pem', content: encrypted, because: /encrypted.*cannot read/ },
    { file: 'older-encrypted-key.pem', content: older, because: /encrypted.*cannot read/ },
    { file: 'all.p12', content: p12, because: /PKCS#12/ },
    { file: 'curve-key.pem', content: odd, because: /secp256k1/ },
    { file: 'cut.der', content: der.subarray(0, 200), because: /neither PEM nor/ },
    { file: 'more.der', content: Buffer.concat([der, der]), because: /behind|neither/ },
    { file: 'indented.pem', content: leaf.replaceAll(/^/gm, '  '), because: /line of its own/ },
    { file: 'one-line.pem', content: leaf.replaceAll('\n', ' '), because: /line/ },
    { file: 'no-end.pem', content: leaf.replace(/-----END.*/, ''), because: /does not end/ },
    {
      file: 'no-begin.pem',
      content: leaf.replace(/-----BEGIN.*\n/, ''),
      because: /nothing has begun/,
    },
    { file: 'crossed.pem', content: leaf.replace('END CERTIFICATE', 'END KEY'), because: /ends a/ },
    { file: 'literal.pem', content: leaf.replaceAll('\n', '\\n'), because: /line/ },
    { file: 'ssh-key.pem', content: block('OPENSSH PRIVATE KEY'), because: /OpenSSH/ },
    { file: 'label.pem', content: block('TRUSTED CERTIFICATE'), because: /TRUSTED CERTIFICATE/ },
    {
      file: 'key-as-cert.pem',
      content: key.replaceAll('PRIVATE KEY', 'CERTIFICATE'),
      because: /not a certificate/,
    },
    {
      file: 'cert-as-key.pem',
      content: leaf.replaceAll('CERTIFICATE', 'PRIVATE KEY'),
      because: /damaged/,
    },
    { file: 'other-key.pem', content: leaf + other, because: /not that of its first certificate/ },
    { file: 'ca-first.pem', content: ca + leaf, because: /first certificate is a CA/ },
    { file: 'der.pem', content: der, because: /reads only PEM/ },
    { file: 'half-bundle.pem', content: leaf + ca.slice(0, 300), because: /does not end/ },
    { file: 'words.pem', content: `${leaf}${block('NONSENSE')}`, because: /NONSENSE/ },
    { file: 'star.pem', content: leaf.replace(/\n(.)/, '\n*'), because: /base64/ },
    { file: 'html.pem', content: '<html><body>404</body></html>', because: /no PEM block/ },
    { file: 'long.pem', content: 'x'.repeat(2_100_000), because: /characters/ },
    {
      file: 'bare.pem',
      content: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
      because: /base64/,
    },
  ];
}

function block(label: string): string {
  const body = Buffer.from('not a certificate at all').toString('base64');
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
}

/** No 24 characters of the key's body. */
function leaks(said: string, keyPem: string): boolean {
  const body = keyPem.replaceAll(/-----.*-----|\s/g, '');
  for (let at = 0; at + 24 <= body.length; at += 8) {
    if (said.includes(body.slice(at, at + 24))) return true;
  }
  return false;
}

describe(`${String(FUZZED + 30)} broken files (seed ${String(SEED)})`, () => {
  test('are each refused in one line with their name and a reason, and no key shows', async () => {
    const ca = await authority();
    const leaf = await leafOf(ca);
    const other = await leafOf(ca, { algorithm: 'rsa-2048' });
    const byHand = madeByHand(ca.certificatePem, leaf.certificatePem, leaf.keyPem, other.keyPem);
    const goods = [
      leaf.certificatePem + ca.certificatePem,
      other.certificatePem + ca.certificatePem,
      leaf.keyPem,
      other.keyPem,
      ca.certificatePem,
    ];
    const pick = numbers(SEED);
    const fuzzed: Broken[] = [];
    for (let index = 0; fuzzed.length < FUZZED; index += 1) {
      const good = goods[index % goods.length] ?? '';
      const content = damaged(good, pick);
      if (meansTheSame(content, good)) continue;
      fuzzed.push({ file: `fuzzed-${String(fuzzed.length)}.pem`, content });
    }
    const all = [...byHand, ...fuzzed];
    expect(all.length).toBeGreaterThanOrEqual(200);
    for (const { file, content } of all) writeFileSync(path.join(folder, file), content);

    const printed: string[] = [];
    const keep = (text: string | Uint8Array): boolean => printed.push(String(text)) > 0;
    vi.spyOn(process.stdout, 'write').mockImplementation(keep);
    vi.spyOn(process.stderr, 'write').mockImplementation(keep);
    // One call each: what is in one file must not explain another.
    const said = new Map<string, string>();
    try {
      for (const { file } of all) {
        printed.length = 0;
        const exit = await inspect([path.join(folder, file)], {});
        said.set(file, `${String(exit)} ${printed.join('')}`);
      }
    } finally {
      vi.restoreAllMocks();
    }
    for (const { file, because } of all) {
      const words = said.get(file) ?? '';
      const lines = words.split('\n').filter((line) => /refused|problem/.test(line));
      expect(words.startsWith('3 '), `${file}: ${words}`).toBe(true);
      expect(lines, `${file}: ${words}`).toHaveLength(1);
      expect(lines[0]).toContain(file);
      if (because !== undefined) expect(lines[0]).toMatch(because);
      expect([leaf.keyPem, other.keyPem, ca.keyPem].some((key) => leaks(words, key))).toBe(false);
    }
  });

  test('and the good files they were made from are not', async () => {
    const ca = await authority();
    const leaf = await leafOf(ca, { algorithm: 'rsa-2048' });
    const crlf = (leaf.certificatePem + ca.certificatePem).replaceAll('\n', '\r\n');
    const files = {
      'm1.pem': crlf,
      'm1-key.pem': leaf.keyPem,
      'both.pem': leaf.keyPem + leaf.certificatePem,
    };
    for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const exit = await inspect(
      Object.keys(files).map((file) => path.join(folder, file)),
      {},
    );
    vi.restoreAllMocks();
    expect(exit).toBe(0);
  });
});
