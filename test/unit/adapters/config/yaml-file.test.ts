/** Goal: etcd's YAML file is read as etcd reads it and edited without touching another byte. Method: tables. */

import { describe, expect, it } from 'vitest';

import { editYamlFile, readYamlFile } from '../../../../src/adapters/config/yaml-file.ts';
import type { SettingChange } from '../../../../src/model/settings.ts';

const set = (flag: string, to: string): SettingChange => ({ flag, from: undefined, to });
const unset = (flag: string): SettingChange => ({ flag, from: 'x', to: undefined });
const URL = 'https://10.0.0.1:2380';
const LISTEN = set('listen-peer-urls', URL);
const CERT = set('peer-cert-file', '/etc/etcd/pki/peer.pem');
const AUTH = set('peer-client-cert-auth', 'true');

function edited(text: string, ...changes: readonly SettingChange[]): string {
  const result = editYamlFile(text, changes);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe('reading the YAML file of etcd', () => {
  it.each([
    ['plain text', 'name: m1\n', { name: 'm1' }],
    [
      'quotes of both kinds',
      'name: "m\\u0031"\ndata-dir: \'/d\'\n',
      { name: 'm1', 'data-dir': '/d' },
    ],
    ['a missing final newline', 'name: m1', { name: 'm1' }],
    [
      'line ends of another system',
      'name: m1\r\ndata-dir: /d\r\n',
      { name: 'm1', 'data-dir': '/d' },
    ],
    ['a byte order mark', '\uFEFFname: m1\n', { name: 'm1' }],
    [
      'JSON',
      '{"name": "m1", "heartbeat-interval": 100}',
      { name: 'm1', 'heartbeat-interval': '100' },
    ],
    ['numbers as written', 'snapshot-count: 010000\n', { 'snapshot-count': '010000' }],
    ['a document mark and comments', '# a\n---\nname: m1 # b\n...\n', { name: 'm1' }],
    ['a key without a value as absent', 'listen-peer-urls:\nname: null\n', {}],
    ['a list of strings', 'cors: [a, b]\n', { cors: 'a,b' }],
    ['a file of comments', '# nothing\n', {}],
    ['no text at all', '', {}],
    [
      'the TLS of peers and of clients',
      'peer-transport-security:\n  cert-file: /c\n  client-cert-auth: yes\n  trusted-ca-file: /t\n  auto-tls: false\nclient-transport-security:\n  cert-file: /k\n',
      {
        ...{
          'peer-cert-file': '/c',
          'peer-client-cert-auth': 'true',
          'peer-trusted-ca-file': '/t',
        },
        ...{ 'peer-auto-tls': 'false', 'cert-file': '/k' },
      },
    ],
  ])('takes %s', (_name, text, settings) => {
    expect(readYamlFile(text)).toMatchObject({ problems: [] });
    expect(readYamlFile(text).settings).toEqual(settings);
  });

  it('knows the line of each setting', () => {
    const text = '# a\nname: m1\npeer-transport-security:\n  # b\n  cert-file: /c\n';
    expect(readYamlFile(text).lines).toEqual({ name: 2, 'peer-cert-file': 5 });
  });

  it.each([
    ['no YAML', 'name: m1\n\tdata-dir: /d\n', 'line 2 is not YAML'],
    ['two documents', 'name: a\n---\nname: b\n', 'is not YAML'],
    ['a list', '- name\n', 'no mapping of settings'],
    [
      'a setting twice',
      'listen-peer-urls: a\nlisten-peer-urls: b\n',
      'line 2: listen-peer-urls stands twice',
    ],
    [
      'a block twice',
      'peer-transport-security:\n  cert-file: /a\npeer-transport-security:\n  cert-file: /b\n',
      'line 3: peer-transport-security stands twice',
    ],
    ['other letters', 'Listen-Peer-URLs: a\n', 'write it in lower case'],
    [
      'an alias',
      'a: &u http://h:1\nlisten-peer-urls: *u\n',
      'line 2: listen-peer-urls is an alias',
    ],
    ['an anchor', 'listen-peer-urls: &u http://h:1\nb: *u\n', 'has an anchor or a tag'],
    ['a tag', 'listen-peer-urls: !!str http://h:1\n', 'has an anchor or a tag'],
    [
      'an anchored block',
      'peer-transport-security: &p\n  cert-file: /c\n',
      'has an anchor or a tag',
    ],
    ['a merge key', 'x: &x {name: m1}\n<<: *x\n', 'line 2: a merge key'],
    ['a list of URLs', 'listen-peer-urls: [a, b]\n', 'etcd takes one text with commas'],
    ['a folded text', 'listen-peer-urls: >\n  http://h:1\n', 'write it on one'],
    [
      'a quoted boolean',
      'peer-transport-security: {client-cert-auth: "true"}\n',
      'without quotes, not true',
    ],
    ['a block that is text', 'peer-transport-security: yes\n', 'is no mapping'],
    ['bare carriage returns', 'name: a\rdata-dir: b\r', 'bare carriage return'],
    ['deep nesting', `a: ${'['.repeat(5000)}`, 'nests deeper'],
    ['deep lists', `${'- '.repeat(90_000)}a`, 'nests deeper'],
    ['a zero byte', 'name: a\0', 'zero byte'],
  ])('refuses %s', (_name, text, problem) => {
    expect(readYamlFile(text).problems.join('; ')).toContain(problem);
    expect(editYamlFile(text, [LISTEN]).ok).toBe(false);
  });
});

describe('editing the YAML file of etcd', () => {
  it.each([
    [
      'a plain value',
      'listen-peer-urls:   http://h:1   # why\nname: m1\n',
      `listen-peer-urls:   ${URL}   # why\nname: m1\n`,
    ],
    [
      'double quotes',
      'listen-peer-urls: "http://h:1" # why\n',
      `listen-peer-urls: "${URL}" # why\n`,
    ],
    ['single quotes', "listen-peer-urls: 'http://h:1'\n", `listen-peer-urls: '${URL}'\n`],
    [
      'line ends of another system',
      'listen-peer-urls: a\r\nname: b\r\n',
      `listen-peer-urls: ${URL}\r\nname: b\r\n`,
    ],
    [
      'a missing final newline',
      'name: m1\nlisten-peer-urls: a',
      `name: m1\nlisten-peer-urls: ${URL}`,
    ],
    [
      'a key without a value',
      'listen-peer-urls:  # none\nname: m1\n',
      `listen-peer-urls: ${URL}  # none\nname: m1\n`,
    ],
    ['JSON', '{"listen-peer-urls":"a","name":"m1"}', `{"listen-peer-urls":"${URL}","name":"m1"}`],
    ['a byte order mark', '\uFEFFlisten-peer-urls: a\n', `\uFEFFlisten-peer-urls: ${URL}\n`],
    [
      'a value on its own line',
      'listen-peer-urls:\n  http://h:1\n',
      `listen-peer-urls:\n  ${URL}\n`,
    ],
  ])('replaces the value alone in %s', (_name, text, wanted) => {
    expect(edited(text, LISTEN)).toBe(wanted);
  });

  it.each([
    [
      'behind the last key',
      'name: m1 # a\n# end\n',
      `name: m1 # a\nlisten-peer-urls: ${URL}\n# end\n`,
    ],
    [
      'behind a nested block',
      'a:\n  b: 1\n\n# end\n',
      `a:\n  b: 1\nlisten-peer-urls: ${URL}\n\n# end\n`,
    ],
    [
      'behind a list',
      'cors:\n- a\n- b\n\n# end\n',
      `cors:\n- a\n- b\nlisten-peer-urls: ${URL}\n\n# end\n`,
    ],
    ['without a final newline', 'name: m1', `name: m1\nlisten-peer-urls: ${URL}\n`],
    ['in an empty file', '', `listen-peer-urls: ${URL}\n`],
    ['in a file of comments', '# a\n---\n', `# a\n---\nlisten-peer-urls: ${URL}\n`],
    [
      'before the end of the document',
      'name: m1\n...\n',
      `name: m1\nlisten-peer-urls: ${URL}\n...\n`,
    ],
    ['in JSON', '{"name": "m1"}\n', `{"name": "m1", "listen-peer-urls": "${URL}"}\n`],
    ['in an empty flow mapping', '{}\n', `{listen-peer-urls: "${URL}"}\n`],
    [
      'behind a text of several lines',
      'a: |\n  x\n  y\n',
      `a: |\n  x\n  y\nlisten-peer-urls: ${URL}\n`,
    ],
    ['in an indented mapping', '  name: m1\n', `  name: m1\n  listen-peer-urls: ${URL}\n`],
  ])('puts a new key %s', (_name, text, wanted) => {
    expect(edited(text, LISTEN)).toBe(wanted);
  });

  it.each([
    [
      'absent',
      'name: m1\n# end\n',
      'name: m1\npeer-transport-security:\n  cert-file: /etc/etcd/pki/peer.pem\n  client-cert-auth: true\n# end\n',
    ],
    [
      'empty',
      'peer-transport-security: # none\nname: m1\n',
      'peer-transport-security: # none\n  cert-file: /etc/etcd/pki/peer.pem\n  client-cert-auth: true\nname: m1\n',
    ],
    [
      'an empty flow mapping',
      'peer-transport-security: {}\n',
      'peer-transport-security: {cert-file: "/etc/etcd/pki/peer.pem", client-cert-auth: true}\n',
    ],
    [
      'a flow mapping',
      'peer-transport-security: { auto-tls: no }\n',
      'peer-transport-security: { auto-tls: no, cert-file: "/etc/etcd/pki/peer.pem", client-cert-auth: true }\n',
    ],
    [
      'deeper by four',
      'peer-transport-security:\n    auto-tls: false # a\n\nname: m1\n',
      'peer-transport-security:\n    auto-tls: false # a\n    cert-file: /etc/etcd/pki/peer.pem\n    client-cert-auth: true\n\nname: m1\n',
    ],
    [
      'null',
      'peer-transport-security: ~\n',
      'peer-transport-security: {cert-file: "/etc/etcd/pki/peer.pem", client-cert-auth: true}\n',
    ],
    [
      'absent in JSON',
      '{"name":"m1"}',
      '{"name":"m1", "peer-transport-security": {"cert-file": "/etc/etcd/pki/peer.pem", "client-cert-auth": true}}',
    ],
    [
      'empty in JSON',
      '{"peer-transport-security": {}}',
      '{"peer-transport-security": {cert-file: "/etc/etcd/pki/peer.pem", client-cert-auth: true}}',
    ],
  ])('fills the block of peers that is %s', (_name, text, wanted) => {
    expect(edited(text, CERT, AUTH)).toBe(wanted);
  });

  it('sets a boolean where it stands, and leaves one that is right as it is', () => {
    const text = 'peer-transport-security:\n  client-cert-auth: off # a\n';
    expect(edited(text, AUTH)).toBe('peer-transport-security:\n  client-cert-auth: true # a\n');
    const yes = 'peer-transport-security:\n  client-cert-auth: yes\n';
    expect(edited(yes, AUTH)).toBe(yes);
  });

  it.each([
    ['a line with its comment', '# a\nlisten-peer-urls: x # b\nname: m1\n', '# a\nname: m1\n'],
    ['the last line', 'name: m1\nlisten-peer-urls: x', 'name: m1\n'],
    ['the first in JSON', '{"listen-peer-urls":"x", "name":"m1"}', '{"name":"m1"}'],
    ['the last in a flow mapping', '{name: m1, listen-peer-urls: x }', '{name: m1 }'],
    ['nothing that is absent', 'name: m1\n', 'name: m1\n'],
  ])('takes out %s', (_name, text, wanted) => {
    expect(edited(text, unset('listen-peer-urls'))).toBe(wanted);
  });

  it('keeps the TLS of clients in a block of its own, booleans without quotes', () => {
    const peers = 'peer-transport-security:\n  cert-file: /p\n';
    const after = edited(
      peers,
      set('cert-file', '/etc/etcd/pki/server.pem'),
      set('client-cert-auth', 'true'),
      set('listen-client-urls', 'https://10.0.0.1:2379,http://10.0.0.1:2379'),
    );

    expect(after).toBe(
      `${peers}client-transport-security:\n  cert-file: /etc/etcd/pki/server.pem\n  client-cert-auth: true\nlisten-client-urls: https://10.0.0.1:2379,http://10.0.0.1:2379\n`,
    );
    expect(readYamlFile(after)).toMatchObject({
      problems: [],
      settings: { 'peer-cert-file': '/p', 'client-cert-auth': 'true' },
    });
  });

  it('quotes what would be something else without quotes', () => {
    expect(edited('name: m1\n', set('peer-key-file', '#k: "x"'))).toContain(
      'key-file: "#k: \\"x\\""\n',
    );
    expect(edited('a: 1\n', set('initial-cluster', 'm1=https://[::1]:2380,m2=https://h:1'))).toBe(
      'a: 1\ninitial-cluster: m1=https://[::1]:2380,m2=https://h:1\n',
    );
  });

  it('refuses a control character and explicit keys that would have to go', () => {
    expect(editYamlFile('name: m1\n', [set('peer-key-file', 'a\nb')]).ok).toBe(false);
    expect(editYamlFile('? listen-peer-urls\n: x\n', [unset('listen-peer-urls')]).ok).toBe(false);
  });
});
