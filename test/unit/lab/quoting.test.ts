/** Goal: text with a meaning to a shell or a parser is data. Method: the dangerous characters, by hand. */

import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { readEnvFile } from '../../../src/adapters/config/env-file.ts';
import { envFileValue, shellWord, yamlText } from '../../../src/lab/quoting.ts';

const AWKWARD = 'it\'s a "lab" $HOME `id` \\ é';

describe('a word of sh', () => {
  it('stays bare when nothing in it means anything', () => {
    expect(shellWord('/usr/bin/etcd')).toBe('/usr/bin/etcd');
  });

  it('stands in single quotes otherwise, its own single quotes outside of them', () => {
    expect(shellWord("it's $x")).toBe(`'it'\\''s $x'`);
    expect(shellWord('')).toBe("''");
  });
});

describe('the value of an env-file line', () => {
  it('escapes what sh and systemd would replace', () => {
    expect(envFileValue('a "b" $c `d` \\')).toBe('"a \\"b\\" \\$c \\`d\\` \\\\"');
  });

  it('is read back by the env-file adapter as it was', () => {
    const text = `ETCD_DATA_DIR=${envFileValue(AWKWARD)}\n`;
    const { settings, problems } = readEnvFile(text);
    expect(problems).toEqual([]);
    expect(JSON.stringify(settings)).toContain(JSON.stringify(AWKWARD).slice(1, -1));
  });
});

describe('a YAML scalar', () => {
  it.each([AWKWARD, 'true', 'No', '1.10', '~', '- a', 'a: b', '/plain/path-1.sh', ''])(
    '%j is read back as the text it was',
    (text) => {
      expect(parse(`[sh, ${yamlText(text)}]`)).toEqual(['sh', text]);
    },
  );
});
