/** Goal: an env file is read as systemd reads it and edited without touching another byte. Method: tables. */

import { describe, expect, it } from 'vitest';

import { editEnvFile, readEnvFile } from '../../../../src/adapters/config/env-file.ts';
import type { SettingChange } from '../../../../src/model/settings.ts';

const set = (flag: string, to: string): SettingChange => ({ flag, from: undefined, to });
const unset = (flag: string): SettingChange => ({ flag, from: 'x', to: undefined });

function edited(text: string, ...changes: readonly SettingChange[]): string {
  const result = editEnvFile(text, changes);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe('reading an env file', () => {
  it.each([
    ['a bare value', 'ETCD_NAME=m1\n', { name: 'm1' }],
    ['a missing final newline', 'ETCD_NAME=m1', { name: 'm1' }],
    ['double quotes', 'ETCD_NAME="m 1"\n', { name: 'm 1' }],
    ['single quotes', "ETCD_NAME='m \"1'\n", { name: 'm "1' }],
    ['escapes in double quotes', 'ETCD_NAME="a\\"b\\\\c\\d"\n', { name: 'a"b\\c\\d' }],
    ['export', 'export ETCD_NAME=m1\n', { name: 'm1' }],
    ['white space around', '  ETCD_NAME = m1  \n', { name: 'm1' }],
    ['comments of both kinds', '# ETCD_NAME=no\n;ETCD_NAME=no\nETCD_NAME=m1\n', { name: 'm1' }],
    [
      'line ends of another system',
      'ETCD_NAME=m1\r\nETCD_DATA_DIR="/d"\r\n',
      { name: 'm1', 'data-dir': '/d' },
    ],
    ['the last of two', 'ETCD_NAME=a\nETCD_NAME=b\n', { name: 'b' }],
    ['a continued line', 'ETCD_NAME=a\\\nb\n', { name: 'ab' }],
    ['a continued line in quotes', 'ETCD_NAME="a\\\nb"\n', { name: 'ab' }],
    ['an empty value', 'ETCD_NAME=\n', { name: '' }],
    ['names of others', 'ETCDCTL_API=3\nPATH=/bin\nETCD_listen=no\n', {}],
    ['a hash within a value', 'ETCD_NAME=a#b\n', { name: 'a#b' }],
    [
      'several equal signs',
      'ETCD_INITIAL_CLUSTER=a=http://h:1\n',
      { 'initial-cluster': 'a=http://h:1' },
    ],
    ['no text at all', '', {}],
  ])('takes %s', (_name, text, settings) => {
    expect(readEnvFile(text)).toMatchObject({ problems: [] });
    expect(readEnvFile(text).settings).toEqual(settings);
  });

  it.each([
    [
      'a quote that is never closed',
      'A="x\nETCD_NAME=m1\n',
      'line 1: the value of A opens a quote',
    ],
    [
      'a value that goes on over a setting',
      'A="x\nETCD_NAME="m1"\n',
      'line 1: the value of A goes on over ETCD_NAME',
    ],
    [
      'a variable',
      'H=h\nETCD_LISTEN_PEER_URLS=http://$H:1\n',
      'line 2: ETCD_LISTEN_PEER_URLS uses a variable',
    ],
    [
      'a variable in quotes',
      'ETCD_LISTEN_PEER_URLS="http://${H}:1"\n',
      'uses a variable or a command',
    ],
    ['a command', 'ETCD_LISTEN_PEER_URLS="http://`hostname`:1"\n', 'uses a variable or a command'],
    [
      'a comment behind a value',
      'ETCD_PEER_KEY_FILE="/k" # key\n',
      'systemd and sh read ETCD_PEER_KEY_FILE differently',
    ],
    [
      'quotes within a bare value',
      'ETCD_PEER_KEY_FILE=/k"e"y\n',
      'read ETCD_PEER_KEY_FILE differently',
    ],
    [
      'flags elsewhere',
      'DAEMON_ARGS="--name a --listen-peer-urls=http://h:1"\n',
      'line 1: flags in DAEMON_ARGS (--listen-peer-urls)',
    ],
    ['flags with one dash', 'OPTIONS="-peer-key-file /k"\n', 'flags in OPTIONS (--peer-key-file)'],
    [
      'a configuration file as flag',
      'DAEMON_ARGS=--config-file=/c\n',
      '--config-file in DAEMON_ARGS',
    ],
    [
      'a configuration file as setting',
      'ETCD_CONFIG_FILE=/c\n',
      'with ETCD_CONFIG_FILE etcd ignores',
    ],
    [
      'shell code',
      'if [ -f /x ]; then\nETCD_NAME=a\nfi\n',
      'line 1 is shell code (if [ -f /x ]; then)',
    ],
    ['a setting behind shell code', '[ -f /x ] && ETCD_NAME=a\n', 'line 1 is shell code'],
    ['another file', '. /etc/other\n', 'line 1 is shell code (. /etc/other)'],
    [
      'a second setting on a line',
      'A=1; ETCD_PEER_KEY_FILE=/k\n',
      'ETCD_PEER_KEY_FILE is set behind something else',
    ],
    [
      'a comment that may hide a setting',
      '# x \\\nETCD_NAME=a\n',
      'the comment ends in a backslash, which hides ETCD_NAME',
    ],
    ['a byte order mark', '\uFEFFETCD_NAME=a\n', 'byte order mark'],
    ['a zero byte', 'A=1\0\n', 'zero byte'],
  ])('says what is wrong with %s, and refuses to edit it', (_name, text, words) => {
    expect(readEnvFile(text).problems.join('\n')).toContain(words);
    const result = editEnvFile(text, [set('name', 'x')]);
    expect(result.ok ? 'edited' : result.error).toContain(words);
  });

  it.each([
    ['other people’s variables', 'OPTS="$A --log-level x"\nETCD_NAME=a\n'],
    ['exports without a value', 'ETCD_NAME=a\nexport ETCD_NAME\n'],
    ['an escaped dollar', 'ETCD_PEER_KEY_FILE="/a\\$b"\n'],
    ['lines that are nothing', 'ETCD_NAME=a\nhello there\n'],
    ['headers of configuration management', '# This file is managed by Puppet\nETCD_NAME=a\n'],
    ['flags that are not ours', 'DAEMON_ARGS="--log-level debug"\n'],
  ])('has nothing against %s', (_name, text) => {
    expect(readEnvFile(text).problems).toEqual([]);
  });
});

describe('editing an env file', () => {
  const peer = 'listen-peer-urls';

  it.each([
    [
      'a bare value',
      'A=1\nETCD_LISTEN_PEER_URLS=http://h:1\nB=2\n',
      'A=1\nETCD_LISTEN_PEER_URLS=https://h:1\nB=2\n',
    ],
    [
      'a double-quoted value',
      'ETCD_LISTEN_PEER_URLS="http://h:1"\n',
      'ETCD_LISTEN_PEER_URLS="https://h:1"\n',
    ],
    [
      'a single-quoted value, which gets double quotes',
      "ETCD_LISTEN_PEER_URLS='http://h:1'\n",
      'ETCD_LISTEN_PEER_URLS="https://h:1"\n',
    ],
    [
      'an exported value',
      'export ETCD_LISTEN_PEER_URLS=http://h:1',
      'export ETCD_LISTEN_PEER_URLS=https://h:1',
    ],
    [
      'the last of two',
      'ETCD_LISTEN_PEER_URLS=a\nETCD_LISTEN_PEER_URLS=b\n',
      'ETCD_LISTEN_PEER_URLS=a\nETCD_LISTEN_PEER_URLS=https://h:1\n',
    ],
    [
      'a continued line',
      'ETCD_LISTEN_PEER_URLS=http://h:1,\\\nhttp://h:2\nB=2',
      'ETCD_LISTEN_PEER_URLS=https://h:1\nB=2',
    ],
    [
      'a line with another system’s end',
      'ETCD_LISTEN_PEER_URLS="http://h:1"\r\nB=2\r\n',
      'ETCD_LISTEN_PEER_URLS="https://h:1"\r\nB=2\r\n',
    ],
    [
      'white space around',
      '\tETCD_LISTEN_PEER_URLS = http://h:1 \nB=2\n',
      '\tETCD_LISTEN_PEER_URLS=https://h:1\nB=2\n',
    ],
  ])('changes %s in place', (_name, before, after) => {
    expect(edited(before, set(peer, 'https://h:1'))).toBe(after);
  });

  it.each([
    [
      'behind the last of etcd’s',
      'ETCD_NAME=a\n# end\nB=2\n',
      'ETCD_NAME=a\nETCD_LISTEN_PEER_URLS="x"\n# end\nB=2\n',
    ],
    ['at the end when there is none', 'B=2\n', 'B=2\nETCD_LISTEN_PEER_URLS="x"\n'],
    [
      'on a line of its own when the last newline is missing',
      'ETCD_NAME=a',
      'ETCD_NAME=a\nETCD_LISTEN_PEER_URLS="x"\n',
    ],
    [
      'with the line end of the file',
      'ETCD_NAME=a\r\nB=2',
      'ETCD_NAME=a\r\nETCD_LISTEN_PEER_URLS="x"\r\nB=2',
    ],
    ['into an empty file', '', 'ETCD_LISTEN_PEER_URLS="x"\n'],
    ['not into a comment’s continuation', '# c \\\n', '# c \\\n\nETCD_LISTEN_PEER_URLS="x"\n'],
    [
      'and leaves a commented example',
      '#ETCD_LISTEN_PEER_URLS="e"\n',
      '#ETCD_LISTEN_PEER_URLS="e"\nETCD_LISTEN_PEER_URLS="x"\n',
    ],
  ])('adds a setting %s', (_name, before, after) => {
    expect(edited(before, set(peer, 'x'))).toBe(after);
  });

  it('takes out every line of a setting and leaves its neighbours', () => {
    const before =
      '# a\nETCD_LISTEN_PEER_URLS=a\\\nb\nB=2\r\nETCD_LISTEN_PEER_URLS="c"\r\n#ETCD_LISTEN_PEER_URLS=\nETCD_LISTEN_PEER_URLS=d';
    expect(edited(before, unset(peer))).toBe('# a\nB=2\r\n#ETCD_LISTEN_PEER_URLS=\n');
    expect(edited('B=2\n', unset(peer))).toBe('B=2\n');
  });

  it('keeps several changes in their order', () => {
    const changes = [set('peer-cert-file', '/c'), set('peer-key-file', '/k'), unset('name')];
    expect(edited('ETCD_NAME=a\nB=2\n', ...changes)).toBe(
      'ETCD_PEER_CERT_FILE="/c"\nETCD_PEER_KEY_FILE="/k"\nB=2\n',
    );
  });

  it('quotes what needs quotes', () => {
    const after = edited('ETCD_NAME=a\n', set('name', 'a "b" $c `d` \\e'));
    expect(after).toBe('ETCD_NAME="a \\"b\\" \\$c \\`d\\` \\\\e"\n');
    expect(readEnvFile(after).settings['name']).toBe('a "b" $c `d` \\e');
  });

  it('does nothing where the value is there already', () => {
    expect(edited("ETCD_NAME='a'\n", set('name', 'a'))).toBe("ETCD_NAME='a'\n");
  });

  it('refuses a value that would break out of its line', () => {
    const result = editEnvFile('', [set('name', 'a\nETCD_X=1')]);
    expect(result).toEqual({ ok: false, error: 'the value for ETCD_NAME has a control character' });
  });
});
