#!/usr/bin/env python3
"""Two cubed on a real three-member etcd while members are killed, stopped and cut off, and processes of cubed killed.

Writers and readers race for a few objects through both servers, and everything they did is judged by the history that
the watches tell: every acknowledged write is in it, once, in an order that real time allows; every answer to a read
is a state not older than what had been acknowledged when it was asked for; all watches on both servers tell the same,
but those of a server whose etcd was compacted under a stopped watcher, which may tell the last state only.
Needs the right to make network namespaces; skipped otherwise. FAULTS of the ways to fail are chosen at random (4; all:
every one, in order), SEED repeats the choice, ROUNDS (1) goes on longer.
"""
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Failure, Server, check, run  # noqa: E402
from etcdcluster import Cluster, may_cut  # noqa: E402
from watches import Watches  # noqa: E402

ROUNDS = int(os.environ.get('ROUNDS', '1'))
FAULTS = os.environ.get('FAULTS', '4')
SEED = int(os.environ.get('SEED', str(time.time_ns() % 1000000)))
PATH = '/api/v1/namespaces/default/configmaps'
OBJECTS, WRITERS, READERS, WATCHES = ['r%d' % i for i in range(5)], 6, 3, 10
PAUSE = 0.02
# Seconds until writes and reads are answered; an election takes one to two of them, the rest is a busy machine's.
LEADER_BOUND, BOUND = (12, 8) if os.environ.get('SAN') else (6, 3)


class Op:
    """One request: what was asked, when, and what came of it. version: the state it needs, or None; value: to be written.
    state: 'acked' (got: the new version, None for deletions), 'refused', 'unknown'."""

    def __init__(self, kind, name, version=None, value=None):
        self.kind, self.name, self.version, self.value = kind, name, version, value
        self.state, self.got, self.began, self.ended = 'unknown', None, time.monotonic(), None


class Client(threading.Thread):
    def __init__(self, servers, number):
        super().__init__(daemon=True)
        self.apis, self.number, self.stop = [s.api(timeout=15) for s in servers], number, False
        self.rng, self.ops, self.odd = random.Random(SEED * 100 + number), [], []

    def call(self, op, method, body=None):
        """Asks one of the servers; the op is remembered. Returns the answer's tree, or None."""
        self.ops.append(op)
        path = PATH if method == 'POST' else PATH + '/' + op.name
        try:
            status, got = self.rng.choice(self.apis).call(method, path, body)
        except Exception:  # the connection broke: nobody knows
            return None
        op.ended = time.monotonic()
        if status in (200, 201):
            op.state = 'acked'
            if op.kind != 'DELETE':
                op.got = int(got['metadata']['resourceVersion'])
            return got
        if status in (404, 409):
            op.state = 'refused'
        elif status < 500 and status != 429:
            self.odd.append('%s %s: %d %s' % (method, op.name, status, got))
        if status == 404 and op.kind == 'READ':
            op.state, op.got = 'acked', None
        return None

    def run(self):
        while not self.stop:
            self.turn()
            time.sleep(PAUSE)
        for a in self.apis:
            a.close()

    def read(self):
        op = Op('READ', self.rng.choice(OBJECTS))
        got = self.call(op, 'GET')
        if got:
            op.value = got['data']['v']
        return op


class Reader(Client):
    def turn(self):
        self.read()


class Writer(Client):
    def turn(self):
        seen = self.read()
        if seen.state != 'acked':
            return
        value = '%d-%d' % (self.number, len(self.ops))
        obj = {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': seen.name}, 'data': {'v': value}}
        if seen.got is None:
            self.call(Op('CREATE', seen.name, None, value), 'POST', obj)
        elif self.rng.random() < 0.9:
            obj['metadata']['resourceVersion'] = str(seen.got)
            self.call(Op('UPDATE', seen.name, seen.got, value), 'PUT', obj)
        else:
            self.call(Op('DELETE', seen.name, seen.got), 'DELETE',
                      {'preconditions': {'resourceVersion': str(seen.got)}})


class History:
    """What a watch told, object by object: [(version, type, value)]."""

    def __init__(self, watch):
        self.of = {name: [] for name in OBJECTS}
        for rv, kind, name in watch.seen:
            if name in self.of:
                self.of[name].append((rv, kind, watch.values[rv]))

    def judge(self, ops):
        for op in ops:
            judge = {'READ': self.read, 'DELETE': self.deletion}.get(op.kind, self.write)
            if op.state == 'acked':
                judge(op)
        self.values(ops)
        self.real_time(ops)

    def write(self, op):
        events = self.of[op.name]
        at = [i for i, e in enumerate(events) if e[0] == op.got]
        check(at and events[at[0]][2] == op.value, 'lost: %s %s=%s at %d' % (op.kind, op.name, op.value, op.got))
        before = events[at[0] - 1] if at[0] else (None, 'DELETED', None)
        if op.kind == 'UPDATE':
            check(before[0] == op.version, '%s %d was written over %s, not over %d'
                  % (op.name, op.got, before, op.version))
        else:
            check(before[1] == 'DELETED', 'created over %s' % (before,))

    def deletion(self, op):
        events = self.of[op.name]
        check(any(a[0] == op.version and b[1] == 'DELETED' for a, b in zip(events, events[1:])),
              'lost: the deletion of %s at %d' % (op.name, op.version))

    def read(self, op):
        if op.got is not None:
            check((op.got, op.value) in {(e[0], e[2]) for e in self.of[op.name]}, 'nobody wrote %s' % vars(op))

    def values(self, ops):
        """Nothing happened that nobody asked for, and nothing twice or that was refused."""
        asked = {(op.name, op.value): op.state for op in ops if op.kind in ('CREATE', 'UPDATE')}
        for name, events in self.of.items():
            told = [v for _, kind, v in events if kind != 'DELETED']
            check(len(told) == len(set(told)), '%s: a write happened twice' % name)
            for v in told:
                check(asked.get((name, v)) in ('acked', 'unknown'), '%s=%s was %s' % (name, v, asked.get((name, v))))

    def deleted_after(self, name, version):
        return not self.of[name] or any(e[0] > version and e[1] == 'DELETED' for e in self.of[name])

    def real_time(self, ops):
        """What had been answered when an op began is older than what it says."""
        marks = sorted([(op.ended, 0, op) for op in ops if op.state == 'acked' and op.got] +
                       [(op.began, 1, op) for op in ops if op.state == 'acked'], key=lambda m: m[:2])
        newest = dict.fromkeys(OBJECTS, 0)
        for _, begins, op in marks:
            if not begins:
                newest[op.name] = max(newest[op.name], op.got)
                continue
            floor = newest[op.name]
            if op.got is not None:
                check(op.got >= floor + (op.kind != 'READ'), 'stale: %s, %d was known' % (vars(op), floor))
            elif op.kind == 'READ' and floor:
                check(self.deleted_after(op.name, floor), 'stale: %s not found, %d was known' % (op.name, floor))


class Field:
    """Two servers on a cluster, with clients and watches at work."""

    def __init__(self, cluster, servers):
        self.cluster, self.servers = cluster, servers
        status, probe = servers[0].api().create(PATH, {'apiVersion': 'v1', 'kind': 'ConfigMap',
                                                       'metadata': {'name': 'probe'}})
        check(status == 201, 'creating the probe: %d %s' % (status, probe))
        since = int(probe['metadata']['resourceVersion'])
        self.watches = [Watches(s, PATH, since, WATCHES) for s in servers]
        self.clients = [Writer(servers, i) for i in range(WRITERS)] + \
                       [Reader(servers, WRITERS + i) for i in range(READERS)]
        for t in self.watches + self.clients:
            t.start()

    def acked(self):
        return sum(op.state == 'acked' and op.kind != 'READ' for c in self.clients for op in c.ops)

    def goes_on(self, what, seconds=20):
        """Writes are acknowledged again."""
        was, start = self.acked(), time.monotonic()
        while self.acked() < was + 5:
            check(time.monotonic() < start + seconds, 'no write for %d s after: %s' % (seconds, what))
            time.sleep(0.02)
        print('# %-50s written again after %.2f s' % (what, time.monotonic() - start), flush=True)

    def recovers(self, what, since, seconds):
        """A write and a read that began after the fault are answered."""
        answered = dict.fromkeys(('writes', 'reads'))
        while not all(answered.values()):
            check(time.monotonic() < since + seconds, '%.1f s after: %s: answered are %s' % (seconds, what, answered))
            for op in [op for c in self.clients for op in c.ops[-4:]]:
                kind = 'reads' if op.kind == 'READ' else 'writes'
                if op.state == 'acked' and op.began > since and op.ended:
                    answered[kind] = min(op.ended - since, answered[kind] or seconds)
            time.sleep(0.01)
        print('# %-50s writes after %.2f s, reads after %.2f s' % (what, answered['writes'], answered['reads']),
              flush=True)

    def finish(self):
        for c in self.clients:
            c.stop = True
        for c in self.clients:
            c.join(40)
        api = self.servers[0].api()
        status, got = api.create(PATH, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'end'}})
        check(status == 201, 'the last write: %d %s' % (status, got))
        end, last = time.monotonic() + 30, int(got['metadata']['resourceVersion'])
        while any(w.rv < last for all_ in self.watches for w in all_.all) and time.monotonic() < end:
            time.sleep(0.1)
        for c in self.clients:
            check(not c.odd, 'an odd answer: %s' % c.odd[:3])
        return [op for c in self.clients for op in c.ops]

    def compare(self, watches, wanted):
        for i, w in enumerate(watches):
            check(not w.wrong, 'a watch saw %r' % w.wrong[:3])
            check(w.seen == wanted, 'watch %d differs: %d of %d events, missing %r' %
                  (i, len(w.seen), len(wanted), sorted(set(wanted) - set(w.seen))[:3]))


def member_fails(kind, what, hurt, mend):
    def fault(field, rng):
        c = field.cluster
        i = getattr(c, kind)()
        getattr(c, hurt)(i)
        since = time.monotonic()
        field.recovers('%s %s' % (kind, what), since, LEADER_BOUND if kind == 'leader' else BOUND)
        time.sleep(rng.uniform(0.5, 2.5))
        getattr(c, mend)(i)
        c.settled()
        field.goes_on('%s back' % kind)
    return fault


def majority_stops(field, rng):
    """Nothing can be acknowledged; afterwards everything goes on."""
    c = field.cluster
    two = [c.leader(), c.follower()]
    for i in two:
        c.pause(i)
    time.sleep(2)
    for i in two:
        c.resume(i)
    field.goes_on('majority stopped for 2 s')


def processes_die(role):
    def fault(field, rng):
        hurt = field.cluster.follower()
        field.cluster.cut(hurt)
        for server in field.servers:
            children = server.children()
            for pid in sum(children.values(), []) if role == 'all' else children[role][:1]:
                os.kill(pid, signal.SIGKILL)
        field.goes_on('%s of both servers killed, a follower cut off' % role)
        field.cluster.heal(hurt)
    return fault


WAYS = [member_fails(kind, *how) for kind in ('leader', 'follower')
        for how in (('killed', 'kill', 'start'), ('stopped', 'pause', 'resume'), ('cut off', 'cut', 'heal'))] + \
       [majority_stops] + [processes_die(role) for role in ('watcher', 'worker', 'keeper', 'all')]


def members_fail():
    rng = random.Random(SEED)
    with Cluster() as cluster, Server('--workers=2', etcd=cluster) as a, Server('--workers=2', etcd=cluster) as b:
        field = Field(cluster, [a, b])
        field.goes_on('start')
        for _ in range(ROUNDS):
            for way in WAYS if FAULTS == 'all' else rng.sample(WAYS, int(FAULTS)):
                way(field, rng)
        ops = field.finish()
        longest = max((w for all_ in field.watches for w in all_.all), key=lambda w: len(w.seen))
        for all_ in field.watches:
            field.compare(all_.all, longest.seen)
        History(longest).judge(ops)
        tally = {s: sum(op.state == s for op in ops) for s in ('acked', 'refused', 'unknown')}
        longest_op = max(op.ended - op.began for op in ops if op.ended)
        print('# seed %d: %s, %d events on each of %d watches, the longest request took %.1f s' %
              (SEED, tally, len(longest.seen), 2 * WATCHES, longest_op))


def compacted_under_a_stopped_watcher():
    with Cluster(size=1) as cluster, Server('--workers=1', etcd=cluster) as a, Server('--workers=1', etcd=cluster) as b:
        field = Field(cluster, [a, b])
        field.goes_on('start')
        watcher = a.children()['watcher'][0]
        os.kill(watcher, signal.SIGSTOP)
        field.clients[0].apis = field.clients[0].apis[1:]
        field.goes_on('the watcher of one server stopped')
        # its stream ends, so that what comes now does not wait in its socket
        cluster.kill(0)
        cluster.start(0)
        cluster.leader()
        field.goes_on('etcd started anew')
        time.sleep(2)
        now = int(cluster.call(0, 'kv/range', {'key': 'eA=='})['header']['revision'])
        cluster.call(0, 'kv/compaction', {'revision': now, 'physical': True}, timeout=10)
        os.kill(watcher, signal.SIGCONT)
        field.goes_on('compacted, the watcher goes on')
        ops = field.finish()
        whole = field.watches[1].all[0]
        field.compare(field.watches[1].all, whole.seen)
        History(whole).judge([op for op in ops if op.kind != 'READ'])
        check(a.children()['watcher'] == [watcher], 'the watcher was replaced')
        for w in field.watches[0].all:
            check(not w.wrong, 'a watch saw %r' % w.wrong[:3])
            check(w.broken == 0, 'a watch was ended %d times' % w.broken)
            last = {name: (kind == 'DELETED', w.values[rv]) for rv, kind, name in w.seen}
            for name, events in History(whole).of.items():
                if events:
                    gone, value = last[name]
                    check(gone == (events[-1][1] == 'DELETED') and (gone or value == events[-1][2]),
                          '%s ended as %s, a watch says %s' % (name, events[-1], last[name]))
        told = len(field.watches[0].all[0].seen)
        check(told < len(whole.seen), 'nothing was compacted before it was seen: the test proves nothing')
        print('# %d of %d events on the watches of the stopped server' % (told, len(whole.seen)))


def quota_used_up():
    with Cluster('--quota-backend-bytes=%d' % (16 << 20), size=1) as cluster, Server('--workers=1', etcd=cluster) as s:
        api, name, kept = s.api(), 0, []
        body = {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {}, 'data': {'x': 'y' * 500000}}
        while True:
            body['metadata']['name'] = 'big%d' % name
            status, got = api.create(PATH, body)
            if status != 201:
                break
            kept.append(body['metadata']['name'])
            name += 1
            check(name < 100, '16 MiB hold 50 MB')
        check(status >= 500 and got['kind'] == 'Status' and 'space' in got['message'],
              'a full etcd: %d %s' % (status, got))
        print('# full after %d objects: %d %s' % (name, status, got['message']))
        status, got = api.get(PATH)
        check(status == 200 and set(kept) <= {i['metadata']['name'] for i in got['items']}, 'reads of a full etcd')
        status, got = api.patch(PATH + '/' + kept[0], {'metadata': {'labels': {'a': 'b'}}})
        check(status >= 500, 'a patch on a full etcd: %d' % status)
        for n in kept[:-1]:
            status, got = api.delete(PATH + '/' + n)
            check(status == 200, 'deleting from a full etcd: %d %s' % (status, got))
        now = int(cluster.call(0, 'kv/range', {'key': 'eA=='})['header']['revision'])
        cluster.call(0, 'kv/compaction', {'revision': now, 'physical': True}, timeout=10)
        cluster.call(0, 'maintenance/defragment', {}, timeout=10)
        alarm = cluster.call(0, 'maintenance/alarm', {'action': 'GET'})['alarms'][0]
        cluster.call(0, 'maintenance/alarm', dict(alarm, action='DEACTIVATE'))
        body['metadata']['name'] = 'after'
        end = time.monotonic() + 10
        while api.create(PATH, body)[0] not in (201, 409):
            check(time.monotonic() < end, 'no write after room was made')
            time.sleep(0.1)


if not may_cut():
    print('# skipped: needs the right to make network namespaces')
    sys.exit(0)
run(*[f for f in (members_fail, compacted_under_a_stopped_watcher, quota_used_up)
      if len(sys.argv) < 2 or f.__name__ in sys.argv[1:]])
