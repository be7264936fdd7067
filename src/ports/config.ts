/** One member's settings, wherever they live. Types only. */

import type { Result } from '../base/result.ts';
import type { SettingElsewhere } from '../model/config-sources.ts';
import type { Failure } from '../model/failure.ts';
import type { SettingChange, Settings } from '../model/settings.ts';
import type { Answer } from './answer.ts';

/** What a configuration held from a moment on, by the clock of its host. */
export interface ConfigEpoch {
  readonly sinceMs: number;
  readonly settings: Settings;
}

export interface ConfigFile {
  readonly path: string;
  readonly settings: Settings;
  /** SHA-256 of the bytes, in hex; of a unit that of everything that decides its command line. */
  readonly digest: string;
  readonly text: string;
  /** Where each setting stands, as `/etc/default/etcd:12`, by flag. */
  readonly places?: Readonly<Record<string, string>>;
  /** Settings that other places of its service make; those that stand last count. */
  readonly elsewhere?: readonly SettingElsewhere[];
  /**
   * Only of a file that a process reads by itself and then forgets: what it held when, oldest first, as
   * far back as that is known without a gap. The last one is what it holds now.
   */
  readonly history?: readonly ConfigEpoch[];
  /** Flags that it sets by their variables. */
  readonly variables?: readonly string[];
  /** Who else makes it, and would write over an edit, in words. */
  readonly managedBy?: string;
  /** What makes the file unfit to be edited, in words; empty when it is fit. */
  readonly problems: readonly string[];
}

export interface ConfigWrite {
  readonly changes: readonly SettingChange[];
  /** The file must still have this digest. */
  readonly expectDigest: string;
  /** The original is kept beside it as `<file>.peershift-<suffix>`, once. */
  readonly backupSuffix: string;
}

/** The settings of one member, wherever they live. */
export interface MemberConfig {
  read(): Answer<ConfigFile>;
  /** The text after the changes; nothing is written. */
  edited(file: ConfigFile, changes: readonly SettingChange[]): Result<string, Failure>;
  /** Digest of what now stands there. */
  write(write: ConfigWrite): Answer<{ readonly digest: string; readonly backupPath: string }>;
  /** Puts the kept original back, bytes, owner and mode; the file must still have the digest. */
  restore(backupPath: string, expectDigest: string): Answer<{ readonly digest: string }>;
}
