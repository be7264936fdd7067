/** Turns etcd's own refusals into the next action of a person. */

import type { Trouble, TroubleKind } from './trouble.ts';

interface Answer {
  readonly matches: RegExp;
  readonly kind: TroubleKind;
  /** Stands behind etcd's own words. */
  readonly meaning: string;
  readonly remedy: string;
}

const ROOT_LOGIN = 'give cluster.auth in the plan file, with a user that has the root role';
const WHO_IS_UP = 'see which members are up and which one leads (peershift status), then try again';

/** The texts of etcd's v3rpc/rpctypes/error.go (3.3 to 3.6) that one of our calls can bring. */
const ANSWERS: readonly Answer[] = [
  {
    matches: /leader transfer took too long/,
    kind: 'no-majority',
    meaning: 'the chosen member is down, cut off from the leader, or far behind it',
    remedy: 'see whether the chosen member is up and caught up, or hand over to another one',
  },
  {
    matches: /etcdserver: .*(request timed out|no leader|leader changed|unhealthy cluster)/,
    kind: 'no-majority',
    meaning: 'it found no majority or no leader in time',
    remedy: WHO_IS_UP,
  },
  {
    matches: /etcdserver: server stopped/,
    kind: 'cut',
    meaning: 'the member is stopping',
    remedy: 'wait until the member is up again',
  },
  {
    matches: /etcdserver: not leader/,
    kind: 'refused',
    meaning: 'only the leader can hand over, and another member leads now',
    remedy: 'ask the members which one leads, and send it there',
  },
  {
    matches: /bad leader transferee/,
    kind: 'refused',
    meaning: 'the chosen member is a learner or is not in the cluster',
    remedy: 'hand over to a voting member',
  },
  {
    matches: /Peer URLs already exists/,
    kind: 'refused',
    meaning: 'another member has one of these URLs',
    remedy: 'compare the member list with the plan file (peershift status)',
  },
  {
    matches: /member not found/,
    kind: 'refused',
    meaning: 'the cluster has no member with this ID',
    remedy: 'look at the member list again: somebody has removed or replaced the member',
  },
  {
    matches: /required revision has been compacted|required revision is a future revision/,
    kind: 'refused',
    meaning: 'this member cannot look at that revision',
    remedy: 'take a revision that every member has reached, and try again',
  },
  {
    matches: /database space exceeded/,
    kind: 'refused',
    meaning: 'the NOSPACE alarm is raised and nothing can be written',
    remedy: 'compact, defragment and disarm the alarm first (etcdctl alarm list)',
  },
  {
    matches: /authentication failed, invalid user ID or password/,
    kind: 'refused',
    meaning: 'the user name or the password is wrong',
    remedy: 'correct cluster.auth and the environment variable that it names',
  },
  {
    matches: /user name is empty|invalid auth token/,
    kind: 'refused',
    meaning: 'authentication is on in this cluster and this call had no valid login',
    remedy: ROOT_LOGIN,
  },
];

/** Undefined for what is not in the table. */
export function etcdAnswer(text: string): Trouble | undefined {
  const answer = ANSWERS.find(({ matches }) => matches.test(text));
  if (answer === undefined) return undefined;
  const words = `etcd says "${text}": ${answer.meaning}`;
  return { kind: answer.kind, words, remedy: answer.remedy };
}

export function permissionDenied(): Trouble {
  return {
    kind: 'refused',
    words: 'etcd says "permission denied": the login may not do this, the root role is needed',
    remedy: ROOT_LOGIN,
  };
}
