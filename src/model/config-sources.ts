/** Where one member's settings come from: its configuration, its process, and places beside both. */

import type { ConfigSpec } from './desired.ts';
import { FLAG, OWNED_FLAGS, type Settings } from './settings.ts';

/**
 * What a process was started with, by source; an empty flag is kept, since it shadows its variable.
 */
export interface ProcessSettings {
  readonly flags: Settings;
  readonly environment: Settings;
  /** Of `--config-file`: then that file decides alone (etcdmain/config.go). */
  readonly configFile?: string;
}

/** One setting that another place than the plan file's `config` makes. */
export interface SettingElsewhere {
  readonly flag: string;
  /** `/etc/systemd/system/etcd.service:7`. */
  readonly place: string;
  readonly isFlag: boolean;
  /** Is it read behind the configuration, so that it wins? */
  readonly wins: boolean;
  /** Only of `FOLDER_FLAGS`. */
  readonly value?: string;
}

/** What has to be known of a member that is stopped, wherever it is said: where its data and its log are. */
export const FOLDER_FLAGS: readonly string[] = [FLAG.dataDir, 'wal-dir'];

export interface ConfigSources {
  readonly format: ConfigSpec['format'];
  /** Of the config file, for people. */
  readonly path: string;
  readonly file: Settings;
  /** Where in the configuration each setting stands, by flag. */
  readonly places: Readonly<Record<string, string>>;
  readonly process: ProcessSettings;
  /** What the process runs with, all sources put together. */
  readonly running: Settings;
  readonly elsewhere: readonly SettingElsewhere[];
  /** Flags that the configuration itself sets by their variables. */
  readonly variables?: readonly string[];
}

export function isOwned(flag: string): boolean {
  return OWNED_FLAGS.includes(flag);
}

/** ` (/etc/default/etcd:3)`, or nothing when the place is not known. */
export function placeText(place: string | undefined): string {
  return place === undefined ? '' : ` (${place})`;
}
