/** Goal: what a rollout makes of a file is seen line by line, and nobody's secret. Method: small files. */

import { describe, expect, it } from 'vitest';

import { memberName } from '../../../src/model/ids.ts';
import { configDiff, paintedDiff } from '../../../src/show/config-diff.ts';
import { PLAIN } from '../../../src/show/paint.ts';

const edit = (before: string, after: string) => ({
  ...{ member: memberName('m1'), path: '/etc/default/etcd' },
  ...{ before, after },
});

describe('the diff of a configuration', () => {
  it('has two lines around each change, comments as they are', () => {
    const before = '# a\n# b\n# c\nNAME=m1\nURL=http://h\n# d\n# e\n# f\n';
    expect(configDiff(edit(before, before.replace('http:', 'https:')))).toEqual([
      '--- m1:/etc/default/etcd',
      ...['@@ -3,5 +3,5 @@', ' # c', ' NAME=m1', '-URL=http://h', '+URL=https://h', ' # d', ' # e'],
    ]);
  });

  it('says that a file does not end in a newline', () => {
    expect(configDiff(edit('a', 'b'))).toContain('\\ No newline at end of file');
  });

  it('is empty when nothing differs', () => {
    expect(configDiff(edit('a\n', 'a\n'))).toEqual([]);
  });

  it('keeps secrets and what would steer a terminal to itself', () => {
    const secrets = 'ETCD_INITIAL_CLUSTER_TOKEN="abc"\nROOT_PASSWORD=abc\n  secret-key: abc\n';
    const lines = configDiff(edit(`${secrets}x\n`, `${secrets}\u001b[31mabd\n`));
    expect(lines.join('\n')).not.toContain('abc');
    expect(lines.join('\n')).not.toContain('\u001b');
    const moved = configDiff(edit('TOKEN=abc\n', 'TOKEN=abcd\n'));
    expect(moved.slice(2)).toEqual(['-TOKEN=***', '+TOKEN=***']);
  });

  it('is painted without a change of its words', () => {
    const lines = configDiff(edit('a\n', 'b\n'));
    expect(paintedDiff(lines, PLAIN)).toEqual(lines);
    const red = { ...PLAIN, red: (text: string) => `<${text}>` };
    expect(paintedDiff(lines, red)).toContain('<-a>');
  });
});
