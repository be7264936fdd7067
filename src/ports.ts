/** The doors between the stages that touch the world (discover, run) and the rim that does it. Types only. */

export type * from './ports/answer.ts';
export type * from './ports/clients.ts';
export type * from './ports/config.ts';
export type * from './ports/dead-man.ts';
export type * from './ports/etcd.ts';
export type * from './ports/host.ts';
export type * from './ports/peer.ts';
export type * from './ports/pki.ts';
export type * from './ports/records.ts';
export type * from './ports/restore.ts';
export type * from './ports/service.ts';
