/** Turns one call of docker or podman on a host into its answer, and its refusals into readable ones. */

import { lastLines } from '../../base/last-lines.ts';
import { err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer, ExecOptions, Host } from '../../ports.ts';
import { type Container, containerOf } from './container.ts';
import { type Fields, fieldsOf, listOf } from './json.ts';

export interface Engine {
  readonly host: Host;
  readonly binary: 'docker' | 'podman';
}

/** An engine answers at once; one that swaps, or that pulls its state together after a start, takes seconds. */
const CALL_MS = 30_000;
const TAIL_CHARACTERS = 400;
/** `/dev/stdin` cannot be opened by its name where it is a socket. */
const PIPED = 'cat | "$@"';
/** What docker and podman say when there is nobody to ask, or they may not. */
const NO_ENGINE =
  /cannot connect to the docker daemon|is the docker daemon running|error during connect|cannot connect to podman|unable to connect to podman/i;
const NO_RIGHTS = /permission denied[^]*(?:docker\.sock|daemon socket)|got permission denied/i;
const NO_PROGRAM = /not found|no such file or directory|ENOENT/i;

/** What a verb prints; the words of a refusal are the engine's own. */
export async function ask(
  engine: Engine,
  words: readonly string[],
  options: Partial<ExecOptions> = {},
): Answer<string> {
  const { host, binary } = engine;
  const argv = options.stdin === undefined ? [] : ['sh', '-c', PIPED, 'sh'];
  const run = await host.exec([...argv, binary, ...words], { deadlineMs: CALL_MS, ...options });
  if (!run.ok)
    return run.error.code === 'HOST_LOST' ? run : err(refused(engine, words, run.error.but));
  const { exitCode, stdout, stderr } = run.value;
  if (exitCode === 0) return ok(stdout);
  const said = lastLines(stderr.trim() || stdout, TAIL_CHARACTERS).join(' | ');
  const isMissing = (exitCode === 127 || exitCode === 126) && NO_PROGRAM.test(said);
  if (isMissing) return err(refused(engine, words, `there is no program ${binary} there: ${said}`));
  const end = exitCode === undefined ? 'was ended by a signal' : `exited with ${String(exitCode)}`;
  return err(refused(engine, words, `${binary} ${verbOf(words)} ${end}: ${said}`));
}

/** The verb and its noun: the other words may be long. */
function verbOf(words: readonly string[]): string {
  return words.slice(0, words[0] === 'container' || words[0] === 'image' ? 2 : 1).join(' ');
}

function refused({ host, binary }: Engine, words: readonly string[], said: string): Failure {
  const silent = NO_ENGINE.test(said)
    ? {
        but: `the engine does not answer: ${said}`,
        remedy: `start it (systemctl start docker), or see why ${binary} info fails there`,
      }
    : NO_RIGHTS.test(said)
      ? {
          but: `this user may not ask the engine: ${said}`,
          remedy: `log in as root or with sudo, or as a member of the group docker`,
        }
      : { but: said, remedy: `${binary} ps -a and ${binary} inspect on ${host.label} say more` };
  return {
    code: 'HOST_COMMAND_FAILED',
    where: host.label,
    would: `ask ${binary} for ${verbOf(words)}`,
    so: 'what runs there now has to be looked at again',
    ...silent,
  };
}

/** Every container whose name is this one or begins with it and a dot; in the order in which they were made. */
export async function containersNamed(engine: Engine, name: string): Answer<readonly Container[]> {
  const format = '{{.ID}} {{.Names}}';
  const listed = await ask(engine, ['container', 'ls', '--all', '--no-trunc', '--format', format]);
  if (!listed.ok) return listed;
  const ids = listed.value.split('\n').flatMap((line) => {
    const [id = '', names = ''] = line.trim().split(' ');
    const isOurs = names.split(',').some((each) => each === name || each.startsWith(`${name}.`));
    return isOurs ? [id] : [];
  });
  const found = await Promise.all(ids.map((id) => inspect(engine, id)));
  const failed = found.find((each) => !each.ok);
  if (failed?.ok === false) return failed;
  const containers = found.flatMap((each) =>
    each.ok && each.value !== undefined ? [each.value] : [],
  );
  return ok([...containers].sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1)));
}

/** By name or ID; undefined when there is none. */
export async function inspect(engine: Engine, name: string): Answer<Container | undefined> {
  const asked = await ask(engine, ['container', 'inspect', name]);
  if (!asked.ok) return isNoSuch(asked.error) ? ok(undefined) : asked;
  const [entry] = entriesOf(asked.value);
  return entry === undefined
    ? err(refused(engine, ['container', 'inspect'], 'its answer is no JSON that we know'))
    : ok(containerOf(entry));
}

function isNoSuch({ but }: Failure): boolean {
  return /no such (?:container|object)|no container with name or ID/i.test(but);
}

/** The `Config` of an image, which a container of it has without being asked. */
export async function imageConfig(
  engine: Engine,
  id: string,
): Answer<{ id: string; config: Fields } | undefined> {
  const asked = await ask(engine, ['image', 'inspect', id]);
  if (!asked.ok)
    return /no such image|image not known/i.test(asked.error.but) ? ok(undefined) : asked;
  const fields = fieldsOf(entriesOf(asked.value)[0]);
  const found = typeof fields['Id'] === 'string' ? fields['Id'] : '';
  return ok({ id: found, config: fieldsOf(fields['Config']) });
}

function entriesOf(text: string): readonly unknown[] {
  try {
    return listOf(JSON.parse(text));
  } catch {
    return [];
  }
}
