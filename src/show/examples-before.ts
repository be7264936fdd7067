/** Turns codes of failures that end a command before its first change into an example of each. */

export const EXAMPLES_BEFORE = `
PLAN_FILE_INVALID · cluster.via of the plan file
  would  reach the client URLs through the members' ssh connections
  but    no member is reached by ssh: each has host.transport local
  so     nothing has been looked at or changed
  do     write cluster.via: direct, or give the members a host with transport: ssh

PLAN_FILE_UNREADABLE · /srv/plan.yaml
  would  read the plan file
  but    there is no such file or directory (ENOENT)
  so     nothing has been looked at or changed
  do     name an existing plan file; \`peershift lab up\` writes one to try

ARGUMENTS_INVALID · STALE_WORD
  would  explain a log file, or a code of peershift
  but    there is no such file, and no such code; did you mean STALE_WORLD?
  so     nothing was read
  do     name log files, - for standard input, or one code as peershift prints it

NOT_SUPPORTED_YET · /srv/plan.yaml
  would  carry out the plan file as it is written
  but    not supported yet: gates.deadman: on (with rebuild)
  so     it is not done by halves; nothing has been looked at or changed
  do     choose another value for the keys named above, or a version that has them

ENDPOINT_UNREACHABLE · the cluster
  would  read the member list from the peer ports, since no API answers
  but    no peer port answers: 10.0.0.1:2380, 10.0.0.2:2380, 10.0.0.3:2380
  so     what there is cannot be told; nothing was changed
  do     bring the members or their client ports back, then peershift rollback again

ETCD_REFUSED · etcd at http://10.0.0.2:2379
  would  read the member list
  but    etcdserver: permission denied
  so     nothing was changed
  do     give cluster.auth a user with the root role

ETCDCTL_UNUSABLE · cluster.endpoints
  would  ask the cluster who its members are
  but    there is no etcdctl on host 10.0.0.2
  so     nothing is known of the cluster; nothing was changed
  do     install etcdctl 3.3 or later there, name it with cluster.etcdctl, or write memberApi: grpc

CLUSTER_MISMATCH · cluster.endpoints
  would  look at one cluster
  but    the endpoints belong to 2 clusters: 211a9411d59e48f8 (m1, m2), 98a3211ef5fc9671 (m3)
  so     which of them is meant cannot be told; nothing was changed
  do     keep the endpoints of one cluster in the plan file

MEMBER_NOT_IN_PLAN · member m4
  would  move the 3 members of /srv/plan.yaml
  but    the member list has m4 (2f1c8f0a3b5d7e91) as well, and the plan file does not
  so     what it does to the others cannot be proven; nothing was changed
  do     add m4 to the plan file, or remove it from the cluster if it is gone for good

MEMBER_NOT_IN_CLUSTER · member m4
  would  move the 4 members of /srv/plan.yaml
  but    the plan file names m4, and no member of the list has that name
  so     what it does to the others cannot be proven; nothing was changed
  do     correct the name in the plan file (etcd's --name), or take m4 out of it

MEMBER_UNSTARTED · member 2f1c8f0a3b5d7e91
  would  change peer URLs and restart members
  but    a member was added with http://10.0.0.4:2380 and has never started: it has no name yet
  so     it counts for the quorum and cannot help to reach it; nothing was changed
  do     start that member, or take it out with etcdctl member remove 2f1c8f0a3b5d7e91

MEMBER_UNHEALTHY · member m2
  would  restart members one after the other
  but    m2 answers no read within 5 s, and its links are good
  so     the cluster has less tolerance than its size promises; nothing was changed
  do     see the log of m2 (disk, clock, network, memory), bring it back to health, then check again

MEMBER_DOWN · member m3
  would  restart the 3 members one after the other
  but    m3 is down: its service says that no process runs
  so     2 of 3 run and 2 are needed; during a restart 1 would run; nothing was changed
  do     start m3, or pass --tolerate-down m3 --accept-downtime if it is to stay down

ALARM_RAISED · member m2
  would  change peer URLs and restart members
  but    etcd has raised NOSPACE for m2
  so     such a cluster takes no writes or has damaged data; nothing was changed
  do     compact, defragment, then etcdctl alarm disarm, then check again

LEARNER_PRESENT · member m4
  would  set the peer URLs of m1 with a member update
  but    m4 (2f1c8f0a3b5d7e91) is a learner: a member update makes it a voter on 3.4, before 3.5.31
         and before 3.6.12
  so     the quorum would change without anyone asking for it; nothing was changed
  do     promote m4 (etcdctl member promote 2f1c8f0a3b5d7e91) or remove it, then check again

NO_QUORUM · the cluster
  would  change peer URLs, which is a write
  but    1 of 3 members runs and 2 are needed: m2 and m3 are down
  so     no member update can be carried out, and a restart may make it worse; nothing was changed
  do     bring m2 and m3 back first, or let peershift rescue search the smallest change on hosts that
         brings quorum back

DOWNTIME_NOT_ACCEPTED · the cluster
  would  restart members 3 times (strategy documented)
  but    of 2 members 1 run during a restart, and 2 are needed to write
  so     each of the 3 restarts stops all writes from its stop until it serves again, a few seconds as
         a rule and 60 s at most (gates.start); nothing was changed
  do     pass --accept-downtime if clients can bear this, or add members first

VERSION_UNSUPPORTED · member m1
  would  hand leadership over before a restart, and compare the data of all members after it
  but    m1 is etcd 3.2.26, which can do neither: both came with 3.3
  so     a loss could not be avoided or even seen; nothing was changed
  do     upgrade all members to 3.3 or later first, 3.4 or later if possible

FACT_UNKNOWN · member m2
  would  work out which members can dial which, now and after each step
  but    this could not be seen: the CA file that m2 runs with (/etc/etcd/pki/ca.pem)
  so     no step can be proven safe without it; nothing was changed
  do     make this visible to peershift on m2, then check again

CONFIG_CONTRADICTION · member m1
  would  write new peer settings for m1 and restart it
  but    /etc/default/etcd says ETCD_LISTEN_PEER_URLS=http://10.0.0.1:2390, the process runs with
         http://10.0.0.1:2380
  so     a restart would change more than peershift intends, or m1 would not start; nothing was
         changed
  do     bring file and process of m1 together (correct the file, or restart m1 by hand while all
         others are healthy)

PEER_URL_UNUSABLE · member m2
  would  move m2 from http to https at its present address
  but    peerUrl is https://10.0.0.2:2390, and m2 is listed at http://10.0.0.2:2380
  so     this tool changes the scheme of a peer URL and nothing else; nothing has been changed
  do     set peerUrl to the present host and port with https, or leave it out

CLIENT_SIDE_UNUSABLE · member m2
  would  have m2 serve its clients by https
  but    its configuration has no advertise-client-urls
  so     this tool changes the scheme of client URLs that stand in the configuration, and nothing else;
         nothing has been changed
  do     write listen-client-urls and advertise-client-urls of m2 into its configuration, or set scope:
         peer

CERTIFICATE_UNUSABLE · at the end of the rollout
  would  have every peer link on https with mutual TLS
  but    2 of 6 ordered pairs could not dial: m2's leaf is valid for 10.9.8.7, 127.0.0.1, not for
         10.0.0.2, its peer URL's host
  so     every health check would stay green until the last member is switched, and then the cluster
         would lose quorum; nothing has been changed
  do     issue leaves whose SANs hold the peer URL host and the source address of each member, with
         serverAuth and clientAuth, from the CA of the plan

PKI_FAILED · /srv/pki/peer.pem
  would  write a new file there
  but    it is there already, and may be in use
  so     nothing was overwritten
  do     choose another --out, or pass --renew: the old files are then kept beside the new ones

UNSAFE_ROLLOUT · before step 9 of 23
  would  restart m1
  but    m3 is down, 2 of 3 members run and 2 are needed
  so     the step could not be carried out; nothing has been changed
  do     mend what is named above, then plan again

NO_ROLLOUT · member m1
  would  start m1 from what stands on its disk
  but    etcd would refuse to start: /etc/etcd/pki/peer-key.pem is not there
  so     the rollout cannot go forward from here; nothing has been changed by this attempt
  do     peershift rollback puts the original settings of m1 back, or mend the file by hand

ALREADY_RUNNING · cluster lock
  would  be the only run on this cluster
  but    ops@bastion, process 4711, run 20261122-142255-7d3238 holds the lock; it expires in 14 s
         unless renewed
  so     two runs at once would each undo what the other rests on; nothing has been changed
  do     wait for that run to end or, if it is dead, for its lock to expire; --break-lock
         20261122-142255-7d3238 takes it over at once

ROLLOUT_STALE · /srv/rollout.json
  would  carry out exactly what was saved
  but    step 7 was to advertise https://10.0.0.1:2380 for m1, and now it is m3's turn: m1 leads
  so     what was looked at then is not what would be done now; nothing has been changed
  do     look again and save it anew: peershift preview PLAN --out FILE

RUN_NOT_FOUND · /srv/.peershift/etcd
  would  bring the cluster back to where a run started
  but    there is no run of this plan file in its state folder
  so     there is nothing to roll back; nothing has been changed
  do     check the plan file, or name the folder with --state

RESCUE_IMPOSSIBLE · the cluster
  would  find the smallest change on hosts that links a majority
  but    2 of 3 hosts do not answer: m2, m3
  so     nothing was changed; the cluster has no quorum and needs a person
  do     follow the procedure below: it is written for exactly this state

OUTSIDE_WINDOW · before step 9 of 23
  would  go on, which is allowed only during 22:00-04:00
  but    it is 09:14 here
  so     no step is begun outside that time; the cluster stays as it is
  do     peershift resume, with the same --only-during, inside 22:00-04:00

NOT_RUNNING · /srv/.peershift/etcd
  would  ask the running run to pause
  but    20261122-142255-7d3238 is not being carried out now
  so     there is nobody to ask; nothing has been changed
  do     peershift status shows the cluster and the newest run

NO_TERMINAL · this command
  would  ask before the first change
  but    there is no terminal to ask on
  so     nothing has been changed
  do     look at \`peershift preview\`, then pass --yes

NOT_MUTUAL_TLS · the cluster
  would  have every peer link prove that it is mutual TLS, and nothing else accepted
  but    m2 at http://10.0.0.2:2380 is not https
  so     the answer of verify is no; nothing has been changed
  do     peershift preview shows the steps that are left
`;
