/** init: looks at a live cluster and writes a complete, commented plan file for it; never overwrites one. */

import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, relative, resolve } from 'node:path';

import { type Result, err, ok } from '../../base/result.ts';
import { systemErrorCode, systemErrorText } from '../../base/system-error.ts';
import { declare } from '../../declare/declare.ts';
import { type Advice, surveyedPlanText } from '../../declare/plan-text.ts';
import { DEFAULTS } from '../../declare/defaults.ts';
import { compareStrategies } from '../../engine-compare.ts';
import { type SurveyInput, notFoundMember, surveyCluster, withHosts } from '../../engine-init.ts';
import type { Rim } from '../../engine-types.ts';
import type { DesiredSpec } from '../../model/desired.ts';
import type { Failure } from '../../model/failure.ts';
import { memberName } from '../../model/ids.ts';
import { placeholdersOf } from '../../model/placeholder.ts';
import { type Survey, type SurveyWay, seen } from '../../model/survey.ts';
import { parsePeerUrl, urlParts } from '../../model/url.ts';
import { adviceLines, noAdviceLines } from '../../show/advice.ts';
import { counted } from '../../show/words.ts';
import type { GlobalFlags } from '../flags.ts';
import { Output } from '../output.ts';
import { optionsOf, refuse, rimOf } from '../session.ts';

export interface InitFlags extends GlobalFlags {
  readonly endpoint?: readonly string[] | undefined;
  readonly ssh?: string | undefined;
  readonly local?: boolean | undefined;
  readonly out?: string | undefined;
  readonly name?: string | undefined;
  readonly cacert?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly user?: string | undefined;
  readonly passwordEnv?: string | undefined;
}

const DEFAULT_OUT = 'peershift.yaml';
const SSH_FORM = /^(?:([^\s@:{}]+)@)?\{host\}(?::(\d{1,5}))?$/;

export async function init(flags: InitFlags): Promise<number> {
  const output = new Output({ json: flags.json === true, color: flags.color !== false });
  const file = resolve(flags.out ?? DEFAULT_OUT);
  const asked = askedOf(flags, dirname(file));
  if (!asked.ok) return refuse(output, [asked.error]);
  const written = await surveyAndWrite({ output, flags }, asked.value, file);
  if (!written.ok) return refuse(output, written.error);
  const { survey, open } = written.value;
  output.result(writtenText(file, survey, open), {
    type: 'report',
    report: { file, members: survey.members.map(({ name }) => name), open },
  });
  output.outcome(0, 'PLAN_WRITTEN', undefined);
  return 0;
}

interface Asking {
  readonly output: Output;
  readonly flags: InitFlags;
}

interface Written {
  readonly survey: Survey;
  /** Places that are still to be filled in. */
  readonly open: readonly string[];
}

async function surveyAndWrite(
  asking: Asking,
  input: SurveyInput,
  file: string,
): Promise<Result<Written, readonly Failure[]>> {
  const survey = await surveyed(asking, input, file);
  if (!survey.ok) return survey;
  const text = surveyedPlanText(survey.value, []);
  const advice = await adviceOf(asking, declared(text, file));
  const whole = surveyedPlanText(survey.value, advice);
  const desired = declared(whole, file);
  if (!desired.ok) return err([desired.error]);
  try {
    await writeFile(file, whole, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    return err([unwritten(file, error)]);
  }
  return ok({ survey: survey.value, open: placeholdersOf(desired.value) });
}

/** First etcd alone, then the hosts of the members that it names. */
async function surveyed(
  asking: Asking,
  input: SurveyInput,
  file: string,
): Promise<Result<Survey, readonly Failure[]>> {
  const first = await reached(asking, input, file);
  if (!first.ok) return err([first.error]);
  const desired = declared(surveyedPlanText(first.value, []), file);
  const second = await withRim(asking, desired, async (rim) =>
    ok(await withHosts(first.value, (name) => rim.doors.get(memberName(name))?.host)),
  );
  return second.ok ? second : err([second.error]);
}

/** Client ports that are closed to this machine are tried through the hosts' ssh connections. */
async function reached(
  asking: Asking,
  input: SurveyInput,
  file: string,
): Promise<Result<Survey, Failure>> {
  const look = (how: SurveyInput): Promise<Result<Survey, Failure>> =>
    withRim(asking, declared(surveyedPlanText(nobody(how), []), file), (rim) =>
      surveyCluster(rim.openEtcd, how),
    );
  const direct = await look(input);
  if (direct.ok || input.way.kind === 'local') return direct;
  const through = await look({ ...input, client: { ...input.client, via: 'ssh' } });
  return through.ok ? through : direct;
}

/** A plan for the endpoint alone, so that the doors to etcd can be made as for any other plan. */
function nobody(input: SurveyInput): Survey {
  const { endpoints, client, way } = input;
  return {
    planName: seen('init'),
    clusterId: '',
    endpoints: endpoints.map(seen),
    client,
    way: client.via === 'ssh' ? way : { kind: 'local' },
    members: [notFoundMember('unknown', hostOf(endpoints[0] ?? ''))],
  };
}

function hostOf(endpoint: string): string {
  const url = parsePeerUrl(endpoint);
  return url.ok ? urlParts(url.value).host : endpoint;
}

async function withRim<T>(
  { output, flags }: Asking,
  desired: Result<DesiredSpec, Failure>,
  work: (rim: Rim) => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  if (!desired.ok) return desired;
  const rim = await rimOf(output, flags, desired.value);
  if (!rim.ok) return rim;
  try {
    return await work(rim.value);
  } finally {
    await rim.value.close();
  }
}

async function adviceOf(asking: Asking, desired: Result<DesiredSpec, Failure>): Promise<Advice> {
  const rows = await withRim(asking, desired, async (rim) => {
    const compared = await compareStrategies(rim, optionsOf(asking.output, asking.flags));
    return compared.ok
      ? ok(adviceLines(compared.value, DEFAULTS.strategy))
      : ok(noAdviceLines(compared.error));
  });
  return rows.ok ? rows.value : noAdviceLines([rows.error]);
}

/** What is written must be what every other command reads; a member's name may be one that no plan can have. */
function declared(text: string, file: string): Result<DesiredSpec, Failure> {
  const read = declare(text, file, { baseDir: dirname(file), homeDir: homedir() });
  if (read.ok) return ok({ ...read.value, planFile: file });
  const [first] = read.error;
  return err({
    code: 'PLAN_FILE_INVALID',
    where: file,
    would: 'write a plan file for what was seen of the cluster',
    but: first?.message ?? 'it could not be read back',
    so: 'no plan file was written',
    remedy:
      'give other arguments; a member of such a name can be renamed by its --name at a restart',
  });
}

function askedOf(flags: InitFlags, planFolder: string): Result<SurveyInput, Failure> {
  const endpoints = (flags.endpoint ?? [])
    .flatMap((text) => text.split(','))
    .map((text) => text.trim().replace(/\/$/, ''));
  if (endpoints.length === 0)
    return err(
      wrong('no --endpoint is given', 'name a client URL: --endpoint http://10.0.0.1:2379'),
    );
  for (const endpoint of endpoints) {
    const url = parsePeerUrl(endpoint);
    if (!url.ok)
      return err(
        wrong(
          `--endpoint ${endpoint.replace(/\/\/[^/@]*@/, '//***@')}: ${url.error}`,
          'write, for instance, http://10.0.0.1:2379',
        ),
      );
  }
  if (flags.ssh !== undefined && flags.local === true)
    return err(wrong('--ssh and --local are given together', 'choose one of them'));
  const way = wayOf(flags);
  if (way === undefined) {
    return err(
      wrong(
        `--ssh ${flags.ssh ?? ''} is not of the form user@{host}:port`,
        'write, for instance, --ssh root@{host}; user and port may be left out',
      ),
    );
  }
  const isTls = endpoints.some((url) => url.startsWith('https:'));
  if (isTls && flags.cacert === undefined)
    return err(
      wrong(
        'an https endpoint is given without --cacert',
        'name the CA of the client certificates: --cacert pki/ca.pem',
      ),
    );
  const { user, passwordEnv } = flags;
  if ((user === undefined) !== (passwordEnv === undefined)) {
    return err(
      wrong(
        '--user and --password-env go together',
        'give both: --user root --password-env PEERSHIFT_PASSWORD',
      ),
    );
  }
  return ok({
    endpoints,
    way,
    planName: flags.name,
    client: {
      tls: clientTlsOf(flags, planFolder),
      login:
        user === undefined || passwordEnv === undefined
          ? undefined
          : { username: user, passwordEnv },
      via: 'direct',
    },
  });
}

/** What is relative in a command is so to where it is given; in a plan file, to the plan file. */
function clientTlsOf(
  { cacert, cert, key }: InitFlags,
  planFolder: string,
): SurveyInput['client']['tls'] {
  const inPlan = <T extends string | undefined>(path: T): T | string =>
    path === undefined || isAbsolute(path) ? path : relative(planFolder, resolve(path));
  return cacert === undefined
    ? undefined
    : { ca: inPlan(cacert), cert: inPlan(cert), key: inPlan(key) };
}

function wayOf({ ssh }: InitFlags): SurveyWay | undefined {
  if (ssh === undefined) return { kind: 'local' };
  const match = SSH_FORM.exec(ssh);
  if (match === null) return undefined;
  const [, user, port] = match;
  return { kind: 'ssh', user, port: port === undefined ? undefined : Number(port) };
}

function writtenText(file: string, { members, way }: Survey, open: readonly string[]): string {
  const where = way.kind === 'local' ? 'on this machine' : 'over ssh';
  return [
    `${file} is written: ${counted(members.length, 'member')}, looked at ${where}; nothing has been changed`,
    ...(open.length === 0 ? [] : [`to be filled in by you: ${open.join(', ')}`]),
    'next: see what is marked as guessed, then',
    `  peershift check ${file}`,
    `  peershift preview ${file}`,
  ].join('\n');
}

function wrong(but: string, remedy: string): Failure {
  return {
    code: 'ARGUMENTS_INVALID',
    where: 'peershift init',
    would: 'look at a cluster and write a plan file for it',
    but,
    so: 'nothing was looked at and no file was written',
    remedy,
  };
}

function unwritten(file: string, error: unknown): Failure {
  const isThere = systemErrorCode(error) === 'EEXIST';
  return {
    code: 'ARGUMENTS_INVALID',
    where: file,
    would: 'write the plan file there',
    but: isThere ? 'there is a file of that name already' : systemErrorText(error),
    so: 'it is as it was: a plan file is never written over',
    remedy: 'name another file with --out, or move that one away',
  };
}
