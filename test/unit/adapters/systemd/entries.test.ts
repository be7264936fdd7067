/** Goal: an entry of the journal is the line that etcd wrote, or says what is missing. Method: entries as journalctl prints them. */

import { describe, expect, it } from 'vitest';

import { parseEntry } from '../../../../src/adapters/systemd/entries.ts';
import { parseLogLine } from '../../../../src/model/log-line.ts';

function entry(fields: Readonly<Record<string, unknown>>): ReturnType<typeof parseEntry> {
  const always = {
    __CURSOR: 's=1;i=61',
    __REALTIME_TIMESTAMP: '1795338586469075',
    _BOOT_ID: 'ca27',
    _SYSTEMD_UNIT: 'etcd.service',
  };
  return parseEntry(JSON.stringify({ ...always, ...fields }), 'etcd.service');
}

describe('an entry of the journal', () => {
  it('becomes a line of capnslog again, with its package, level and time', () => {
    const made = entry({
      MESSAGE: 'health check for peer 46a066d640345429 could not connect: EOF',
      PACKAGE: 'rafthttp',
      PRIORITY: '4',
      _SOURCE_REALTIME_TIMESTAMP: '1795338586009046',
    });
    expect(made?.line).toBe(
      '2026-11-22 09:09:46.009046 W | rafthttp: health check for peer 46a066d640345429 could not connect: EOF',
    );
    expect(parseLogLine(made?.line ?? '')).toMatchObject({ form: 'capnslog', level: 'warning' });
  });

  it('is left as it is where it is a line already', () => {
    const zap = '{"level":"warn","msg":"rejected connection"}';
    expect(entry({ MESSAGE: zap, PRIORITY: '4' })?.line).toBe(zap);
    expect(entry({ MESSAGE: 'panic: newURLs', PRIORITY: '6' })?.line).toBe('panic: newURLs');
  });

  it('is read where it holds bytes that are no text, or a field twice', () => {
    expect(entry({ MESSAGE: [255, 114, 97, 119] })?.line).toBe('\u{fffd}raw');
    expect(entry({ MESSAGE: ['one', 'two'] })?.line).toBe('one');
  });

  it('gives no line for what systemd says about the unit', () => {
    const started = entry({ MESSAGE: 'Started etcd.service', _SYSTEMD_UNIT: 'init.scope' });
    expect(started).toMatchObject({ cursor: 's=1;i=61', line: undefined, lost: undefined });
  });

  it('says that lines were thrown away, or that one cannot be read', () => {
    const dropped = entry({
      MESSAGE: 'Suppressed 401 messages from etcd.service',
      MESSAGE_ID: 'a596d6fe7bfa4994828e72309e95d61e',
      _SYSTEMD_UNIT: 'systemd-journald.service',
    });
    expect(dropped?.lost).toContain('"Suppressed 401 messages from etcd.service"');
    expect(entry({ MESSAGE: null })?.lost).toContain('too long');
  });

  it('is none where the text is not one', () => {
    expect(parseEntry('-- No entries --', 'etcd.service')).toBeUndefined();
    expect(parseEntry('{"__CURSOR":"s=1', 'etcd.service')).toBeUndefined();
  });
});
