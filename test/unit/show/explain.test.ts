/** Goal: a page on logs tells what is broken first, and why. Method: whole pages over recorded clusters, held by goldens. */

import { describe, expect, it } from 'vitest';

import { codeMeaning, codeText, explanationText } from '../../../src/show/explain.ts';
import { CORPUS_MEMBERS, corpusLines } from '../../support/corpus.ts';
import { explainTexts } from '../../support/explain.ts';
import { expectGolden } from '../../support/golden.ts';

async function page(version: string, scenario: string, isWhole = false): Promise<string> {
  const logs = CORPUS_MEMBERS.map((name) => {
    return { name, text: corpusLines(version, scenario, name).join('\n') };
  });
  return explanationText(await explainTexts(logs), isWhole);
}

describe('the page of explain', () => {
  it('puts what is still broken first, with pair, cause, line and what to do', async () => {
    expectGolden('show/explain-broken.txt', await page('3.4.23', 'san-mismatch'));
  });

  it('says of a start that was refused why it was', async () => {
    expectGolden('show/explain-refused.txt', await page('3.5.16', 'missing-key'));
  });

  it('says that nothing is wrong, and on demand what it passed over', async () => {
    expectGolden('show/explain-well.txt', await page('3.4.23', 'benign-restart'));
    const whole = await page('3.4.23', 'benign-restart', true);
    expect(whole).toContain('over, or harmless');
    expect(whole.split('\n').length).toBeGreaterThan(20);
  });

  it('says of no line at all that there was none', async () => {
    const empty = await explainTexts([{ name: 'm1', text: '' }]);
    expect(explanationText({ ...empty, logs: [] }, false)).toContain('there was no line to read');
  });
});

describe('the meaning of a code', () => {
  it('is told of a line of etcd and of a failure of peershift, and of nothing else', () => {
    expect(codeText('listener-client-source')).toMatch(/SAN/);
    expect(codeText('stale_world')).toMatch(
      /^STALE_WORLD\n {2}means [^]*for example\n\nfailed +STALE_WORLD · .+\n {2}would [^]* but [^]* so [^]* do /u,
    );
    expect(codeText('no-such-code')).toBeUndefined();
    expect(codeMeaning('no-such-code')).toBeUndefined();
    expect(codeMeaning('listener-client-source')).toMatchObject({ code: 'listener-client-source' });
  });
});
