/** Turns one stopped member's database into the data of another member, on that member's host, beside what it had. */

import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import { type Fact, known, unknown } from '../../model/observed.ts';
import type { Answer, DataPlace, DataRestorer, Host, NewData } from '../../ports.ts';
import { restorerOn, withApi } from './programs.ts';

/** A small command on a host that is busy. */
const SHORT_MS = 30_000;
/** The slowest disk that serves etcd reads and writes 10 MB a second. */
const LONG_MS = 60_000;
const BYTES_PER_MS = 10_000;
/** Few enough for the memory of both ends, enough to be no row of round trips. */
const CHUNK_BYTES = 4 * 1024 * 1024;
const TAIL_CHARACTERS = 400;

/** $1 is the data folder, $2 the mark; `db` is the member's own database, wherever it is by now. */
const NAMES = `
folder=$1 mark=$2
old=$folder/member.before-$mark new=$folder/$mark.new copy=$folder/$mark.db
db=$folder/member/snap/db
[ ! -e "$old" ] || db=$old/snap/db
`;

/** Prints the database, its size, and who owns the data: as numbers for this host, as names for another one. */
const LOOK = String.raw`set -eu
${NAMES}
printf '%s\n' "$db"
stat -c %s -- "$db" 2>/dev/null || echo 0
own=$folder
for each in "$folder/member" "$old"; do [ ! -e "$each" ] || own=$each; done
if [ -e "$own" ]; then stat -c %u:%g -- "$own"; stat -c %U:%G -- "$own"; fi
[ ! -e "$old" ] || [ ! -e "$folder/member" ] || echo made
`;

/** $3 is the owner. */
const PREPARE = `set -eu
${NAMES}
umask 077
[ -d "$folder" ] || { mkdir -p -- "$folder"; chown -- "$3" "$folder"; }
: >"$copy"
`;

const APPEND = 'cat >>"$1"';

/**
 * $3 is the owner, $4 the restorer, the rest its words. Three moments can be cut off by a crash, and each is told
 * by what there is: no old data beside (all is made again), old data and no new ones in place (they are put there),
 * both (nothing is left to do).
 */
const RESTORE = `set -eu
${NAMES}
owner=$3 restorer=$4; shift 4
if [ ! -e "$old" ]; then
  rm -rf -- "$new"
  ETCDCTL_API=3 "$restorer" snapshot restore "$copy" --skip-hash-check --data-dir "$new" "$@" >&2
  chown -R -- "$owner" "$new"
  sync
  if [ -e "$folder/member" ]; then mv -- "$folder/member" "$old"
  else mkdir -m 700 -- "$old"; chown -- "$owner" "$old"; fi
fi
[ -e "$folder/member" ] || mv -- "$new/member" "$folder/member"
rm -rf -- "$new" "$copy"
sync
`;

/**
 * The v2 store stands as JSON in the newest .snap file, and what came after it in the log: there a request is its
 * method and its path, and the path of a key of the v2 API begins with /1/. Line ends would part what is searched.
 */
const V2 = String.raw`
member=$1/member snap= seen=
finds() { # FILE PATTERN
  [ -r "$1" ] || exit 12
  tr -d '\000' <"$1" | tr '\012' '\001' | LC_ALL=C grep -aq -- "$2"
  case $? in 0) exit 10 ;; 1) ;; *) exit 12 ;; esac
}
for each in "$member"/snap/*.snap; do [ ! -e "$each" ] || snap=$each; done
[ -z "$snap" ] || finds "$snap" '"Path":"/1/'
for each in "$member"/wal/*.wal; do
  [ -e "$each" ] || continue
  seen=yes
  finds "$each" "$(printf '\022\003PUT\032').\{1,3\}/1/"
  finds "$each" "$(printf '\022\004POST\032').\{1,3\}/1/"
done
[ -n "$seen" ] || exit 11
`;
const HOLDS = 10;
const NO_LOG = 11;

export function dataRestorer(): DataRestorer {
  return {
    restorer: async (host, version) => {
      const found = await restorerOn(host, version);
      return found.known ? known(found.value.path) : found;
    },
    holdsV2Keys,
    revision: revisionOf,
    restore,
  };
}

async function holdsV2Keys(host: Host, folder: string): Promise<Fact<boolean>> {
  const ran = await host.exec(['sh', '-c', V2, 'sh', folder], { deadlineMs: LONG_MS });
  if (!ran.ok) return unknown(ran.error.but);
  const { exitCode } = ran.value;
  if (exitCode === 0 || exitCode === HOLDS) return known(exitCode === HOLDS);
  return unknown(
    exitCode === NO_LOG ? `${folder}/member/wal has no log` : `${folder}/member cannot be read`,
  );
}

interface Looked {
  readonly database: string;
  readonly sizeBytes: number;
  /** `0:0` and `root:root`; undefined where there is no folder at all. */
  readonly owner: { readonly here: string; readonly named: string } | undefined;
  readonly isMade: boolean;
}

async function lookAt(place: DataPlace): Answer<Looked> {
  const told = await script(place, LOOK, [], SHORT_MS);
  if (!told.ok) return told;
  const [database = '', size = '0', ...rest] = told.value.trim().split('\n');
  const isMade = rest.at(-1) === 'made';
  const [here, named] = rest;
  const owner = here === undefined || named === undefined ? undefined : { here, named };
  return ok({ database, sizeBytes: Number(size), owner, isMade });
}

async function revisionOf(place: DataPlace, restorer: string): Answer<bigint> {
  const looked = await lookAt(place);
  if (!looked.ok) return looked;
  const { database, sizeBytes } = looked.value;
  const argv = withApi([restorer, 'snapshot', 'status', database, '-w', 'json']);
  const told = await run(place, argv, longMs(sizeBytes));
  if (!told.ok) return told;
  const revision = /"revision":(\d+)/u.exec(told.value)?.[1];
  if (revision !== undefined) return ok(BigInt(revision));
  return err(failed(place, `snapshot status of ${database} told no revision`));
}

async function restore(target: DataPlace, from: DataPlace, made: NewData): Answer<string> {
  const kept = `${target.folder}/member.before-${target.mark}`;
  const [source, looked] = await Promise.all([lookAt(from), lookAt(target)]);
  if (!source.ok) return source;
  if (!looked.ok) return looked;
  if (looked.value.isMade) return ok(kept);
  // Where the folder itself is gone, the account has the same name as on the source's host.
  const owner = looked.value.owner?.here ?? source.value.owner?.named ?? '0:0';
  const copied = await copy(source.value, from, target, owner);
  if (!copied.ok) return copied;
  const words = [
    ...['--name', made.name, '--initial-cluster', made.initialCluster],
    ...['--initial-cluster-token', target.mark],
    ...['--initial-advertise-peer-urls', made.advertised],
  ];
  const deadlineMs = longMs(source.value.sizeBytes);
  const done = await script(target, RESTORE, [owner, made.restorer, ...words], deadlineMs);
  return done.ok ? ok(kept) : done;
}

/** Piece by piece through this machine: the hosts need no way to each other. */
async function copy(
  { database, sizeBytes }: Looked,
  from: DataPlace,
  target: DataPlace,
  owner: string,
): Answer<undefined> {
  const prepared = await script(target, PREPARE, [owner], SHORT_MS);
  if (!prepared.ok) return prepared;
  const path = `${target.folder}/${target.mark}.db`;
  for (let offset = 0; offset < sizeBytes;) {
    const piece = await from.host.readRange(database, offset, CHUNK_BYTES);
    const bytes = piece.ok ? piece.value?.bytes : undefined;
    if (bytes === undefined || bytes.length === 0) {
      return err(failed(from, piece.ok ? `${database} ended early` : piece.error.but));
    }
    const argv = ['sh', '-c', APPEND, 'sh', path];
    const written = await target.host.exec(argv, { deadlineMs: LONG_MS, stdin: bytes });
    if (!written.ok) return err(failed(target, written.error.but));
    if (written.value.exitCode !== 0) return err(failed(target, written.value.stderr.trim()));
    offset += bytes.length;
  }
  const deadlineMs = longMs(sizeBytes);
  const [a, b] = await Promise.all([
    run(from, ['sha256sum', '--', database], deadlineMs),
    run(target, ['sha256sum', '--', path], deadlineMs),
  ]);
  if (!a.ok) return a;
  if (!b.ok) return b;
  if (a.value.slice(0, SHA256_DIGITS) === b.value.slice(0, SHA256_DIGITS)) return ok(undefined);
  return err(failed(target, `the copy of ${database} of ${from.host.label} differs from it`));
}

const SHA256_DIGITS = 64;

function longMs(sizeBytes: number): number {
  return LONG_MS + sizeBytes / BYTES_PER_MS;
}

function script(
  place: DataPlace,
  text: string,
  more: readonly string[],
  deadlineMs: number,
): Answer<string> {
  return run(place, ['sh', '-c', text, 'sh', place.folder, place.mark, ...more], deadlineMs);
}

async function run(
  place: DataPlace,
  argv: readonly string[],
  deadlineMs: number,
): Promise<Result<string, Failure>> {
  const ran = await place.host.exec(argv, { deadlineMs, marker: place.mark });
  if (!ran.ok) return err(failed(place, ran.error.but));
  const { exitCode, stdout, stderr } = ran.value;
  if (exitCode === 0) return ok(stdout);
  const said = (stderr.trim() || stdout.trim()).slice(-TAIL_CHARACTERS);
  return err(
    failed(place, `a command there exited with ${String(exitCode ?? 'a signal')}: ${said}`),
  );
}

function failed({ host, folder }: DataPlace, but: string): Failure {
  return {
    code: 'RESTORE_FAILED',
    where: `${folder} on ${host.label}`,
    would: "make a member's data anew from the database of another",
    but,
    so: 'all members are stopped; what they had stands in their folders, or beside as member.before-peershift-RUN',
    remedy: 'mend what is named above, then the same peershift rescue again: it goes on from there',
  };
}
