/** Goal: a person sees the mistake, and nobody sees a secret. Method: small texts, whole printed answers. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { PlanProblem } from '../../../src/model/plan-problem.ts';
import { planProblemsText } from '../../../src/show/squiggle.ts';

function problem(line: number, col: number, hint?: string): PlanProblem {
  const told = { file: 'plan.yaml', line, col, path: 'a.b', message: 'this is wrong' };
  return hint === undefined ? told : { ...told, hint };
}

/** The printed source line and the column, from 0, that the caret stands under. */
function shown(text: string, line: number, col: number): { readonly line: string; caret: number } {
  const [, source = '', caret = ''] = planProblemsText(text, [problem(line, col)]).split('\n');
  const gutter = '    1 | '.length;
  return { line: source.slice(gutter), caret: caret.length - 1 - gutter };
}

/** Every line of the text, as it would be printed if something were wrong there. */
function everything(text: string): string {
  return planProblemsText(
    text,
    text
      .split('\n')
      .flatMap((line, index) => [problem(index + 1, 1), problem(index + 1, line.length)]),
  );
}

describe('a problem', () => {
  it('is shown with its place, its line, a caret and what to write', () => {
    const text = 'version: 1\nscope: peers\n';
    expect(planProblemsText(text, [problem(2, 8, 'did you mean "peer"?')])).toBe(
      [
        'plan.yaml:2:8  this is wrong',
        '    2 | scope: peers',
        '      |        ^',
        '      = did you mean "peer"?',
        '',
      ].join('\n'),
    );
  });

  it('is one paragraph of several', () => {
    const text = planProblemsText('a: 1\nb: 2\n', [problem(1, 1), problem(2, 4)]);
    expect(text.split('\n\n')).toHaveLength(2);
  });

  it('has its caret under the right letter behind tabs', () => {
    expect(shown('a:\t\tb', 1, 5)).toEqual({ line: 'a:  b', caret: 4 });
  });

  it('has its caret under the right letter behind wide and combined letters', () => {
    expect(shown('表表: x', 1, 5).caret).toBe(6);
    expect(shown('🦀: x', 1, 5).caret).toBe(4);
    expect(shown('e\u0301: x', 1, 5).caret).toBe(3);
  });

  it('may stand behind the end of the line, or of the file', () => {
    expect(shown('a: 1\r\nb: 2\r\n', 1, 5)).toEqual({ line: 'a: 1', caret: 4 });
    expect(shown('', 1, 1)).toEqual({ line: '', caret: 0 });
    expect(shown('a', 9, 9)).toEqual({ line: '', caret: 0 });
  });

  it('shows of a very long line what is around the caret', () => {
    const { line, caret } = shown(`${'x'.repeat(5000)}!${'y'.repeat(5000)}`, 1, 5001);
    expect(line.length).toBeLessThan(200);
    expect(line[caret]).toBe('!');
  });

  it('sends no control character to the terminal', () => {
    const text = planProblemsText('a: \u001b[31mred\u0007\u009b', [problem(1, 1)]);
    expect(/\p{Cc}/u.test(text.replaceAll('\n', ''))).toBe(false);
  });
});

const SECRET = 'hunter2';

const STYLES: readonly (readonly [string, string])[] = [
  ['plain', `password: ${SECRET}`],
  ['plain with commas and brackets', `password: a,b}]${SECRET} ${SECRET}`],
  ['in double quotes', `password: "a\\" ${SECRET}"`],
  ['in single quotes', `password: 'a'' ${SECRET}'`],
  ['in quotes over several lines', `password: "a\n  b\n ${SECRET}\n  ${SECRET}"\nnext: 1`],
  ['in quotes that never end', `password: "a\nb: 1\n${SECRET}`],
  ['as a literal block', `password: |\n  a\n\n  ${SECRET}\nnext: 1`],
  ['as a folded block', `password: >-\n  a\n   ${SECRET}\nnext: 1`],
  ['as a block that is not indented', `password: |\n${SECRET}\nnext: 1`],
  ['on the next line', `password:\n  ${SECRET}`],
  ['on the next line, behind a comment', `password: # mine\n  ${SECRET}`],
  ['plain over several lines', `a:\n  password: x\n    ${SECRET}\n    ${SECRET}\n  next: 1`],
  ['in a flow mapping', `auth: { username: root, password: ${SECRET} }`],
  [
    'in a flow mapping with a comma',
    `auth: { username: root, password: a,${SECRET}, b: ${SECRET} }`,
  ],
  ['in a flow mapping over lines', `auth: { password: a\n  ${SECRET},\n  b: c }`],
  ['in a flow mapping that never ends', `auth: { password: a\n${SECRET}\nb: 1`],
  ['in a flow mapping with lines of keys', `auth: {\n  password: ${SECRET},\n  username: root\n}`],
  ['as a list', `password:\n- ${SECRET}\nnext: 1`],
  ['as a flow list', `password: [${SECRET},\n  "${SECRET}]"]`],
  ['as a mapping', `password:\n  env:\n    ${SECRET}`],
  ['under a key in quotes', `"password": ${SECRET}`],
  ['under a key with escapes', `"pass\\u0077ord": ${SECRET}`],
  ['under a key in capitals', `PassWord: ${SECRET}`],
  ['under a key with a slip', `pasword: ${SECRET}\npassphras: ${SECRET}\npasphrase: ${SECRET}`],
  ['under a key with a question mark', `? password\n: ${SECRET}`],
  ['without a space', `auth: {password:${SECRET}}`],
  ['as a passphrase', `host: { passphrase: ${SECRET} }`],
  ['behind an anchor', `password: &p "${SECRET}"`],
  ['behind a tag', `password: !!str ${SECRET}`],
  ['by alias', `x: &p ${SECRET}\npassword: *p`],
  ['in a comment', `# password: ${SECRET}`],
  ['in a list of mappings', `- password: x\n  b: 1\n- password: ${SECRET}`],
  ['in a URL', `a: https://root:${SECRET}@10.0.0.1:2379`],
];

describe('a secret', () => {
  it.each(STYLES)('is never shown: %s', (_how, text) => {
    const printed = everything(text);
    expect(printed).toContain('***');
    expect(printed).not.toContain(SECRET);
    expect(everything(text.replaceAll('\n', '\r\n'))).not.toContain(SECRET);
  });

  it('is never shown, whatever stands around it', () => {
    const around = fc.string({
      unit: fc.constantFrom(...Array.from('ab:-{}[]\'"#&*!|> \n\t,')),
      maxLength: 40,
    });
    const style = fc.constantFrom(...STYLES.map(([, text]) => text));
    fc.assert(
      fc.property(around, style, around, (before, text, after) => {
        expect(everything(`${before}\n${text}\n${after}`)).not.toContain(SECRET);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what is no secret', () => {
  it('is shown beside one', () => {
    expect(shown('auth: { password: { env: A }, x: 1 }', 1, 31)).toEqual({
      line: 'auth: { password: ***, x: 1 }',
      caret: 23,
    });
    expect(everything('a:\n  password: x\n  path: /etc\nb: 1')).toContain('path: /etc');
    expect(everything('auth: {\n  password: x,\n  user: me\n}')).toContain('user: me');
  });

  it('has the caret under the stars when it stands in them', () => {
    expect(shown('password: hunter2', 1, 14)).toEqual({ line: 'password: ***', caret: 10 });
  });

  it('is shown where a word only looks a little like a password', () => {
    expect(everything('path: /etc/default/etcd\ncompany: a')).not.toContain('***');
  });
});
