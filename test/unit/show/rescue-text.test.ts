/** Goal: who reads the procedure at night can copy each line; words that a shell would take apart are quoted. */

import { describe, expect, it } from 'vitest';
import { type ByHand, procedureText } from '../../../src/show/rescue-text.ts';
import { words } from '../../../src/base/shell-words.ts';
import { desiredFor } from '../../support/rollouts.ts';
import { TLS_PATHS, httpsWorld, leafFor, withDown } from '../../support/worlds.ts';

const world = httpsWorld(3);
const plain: ByHand = {
  desired: { ...desiredFor(world), planFile: "/plans/it's mine.yaml" },
  world,
  lost: new Map(),
  silent: new Map(),
  failure: {
    code: 'RESCUE_IMPOSSIBLE',
    where: 'the cluster',
    would: '',
    but: '',
    so: '',
    remedy: '',
  },
  leaves: [],
  canUseAutoTls: false,
  authorityPath: '/pki/ca.pem',
};

const commands = (text: string): readonly string[] => {
  return text.split('\n').flatMap((line) => (line.startsWith('    ') ? [line.trim()] : []));
};

describe('the procedure for a rescue by hand', () => {
  it('has leaves signed for the keys in use, where only the CA key is elsewhere', () => {
    const leaves = [{ member: 'm1', path: TLS_PATHS.leaf, leaf: leafFor('m1') }];
    const text = procedureText({ ...plain, leaves });
    const lines = commands(text);
    expect(lines[0]).toBe('openssl x509 -in m1.pem -noout -pubkey > m1.pub');
    expect(lines[1]).toContain('subjectAltName=IP:10.0.0.1');
    expect(lines[2]).toContain('-force_pubkey m1.pub');
    expect(lines[4]).toContain(`mv ${TLS_PATHS.leaf}.new ${TLS_PATHS.leaf}`);
    expect(lines.at(-1)).toBe("peershift rescue '/plans/it'\\''s mine.yaml'");
  });

  it('says the last resort loudly, and only where it would help and was not asked for', () => {
    expect(procedureText({ ...plain, canUseAutoTls: true })).toMatch(/any TLS peer in/u);
    expect(procedureText(plain)).not.toContain('auto-tls');
  });

  it('names what is gone, and begins anew from one member only when nothing else is left', () => {
    const gone = withDown(withDown(world, 'm2'), 'm3');
    const lost = new Map([['m3', 'its host does not answer']]);
    const text = procedureText({ ...plain, world: gone, lost });
    expect(text).toContain('Now: 1 of 3 members run, 2 linked ones are needed.');
    expect(text).toContain('m2: stopped');
    expect(text).toContain('m3: not usable (its host does not answer)');
    expect(text).toContain('Never take an older snapshot file');
    expect(text).toContain('Keys of the v2 API');
    const lines = commands(text);
    expect(lines.filter((line) => line.includes('snapshot status'))).toHaveLength(2);
    const restores = lines.filter((line) => line.includes('snapshot restore'));
    expect(restores).toHaveLength(3);
    for (const line of restores) expect(line).toContain('m1=https://10.0.0.1:2380,m2=https');
    expect(text).not.toContain('force-new-cluster');
    expect(text).not.toMatch(/\brm\b/u);
  });

  it('names pairs that fit and do not answer', () => {
    const silent = new Map([['m1>m2', 'no route to host']]);
    expect(procedureText({ ...plain, silent })).toContain('m1 to m2: no route to host');
  });
});

describe('words of a shell', () => {
  it('are bare when nothing in them is special, and quoted otherwise', () => {
    expect(words(['a', '/b/c.pem', ''])).toBe("a /b/c.pem ''");
    expect(words(['x y', '$z', "it's"])).toBe("'x y' '$z' 'it'\\''s'");
  });
});
