#!/usr/bin/env python3
"""kill -9 of each kind of child in turn under 8 writers and 100 watches.

Proves from outside: no acknowledged write is lost, no event is missed or doubled on any watch (one whose worker died
resumes from the last resourceVersion it saw), service is back within a second, and no other process is restarted.
KILLS (50) and WATCHES (100) can be set smaller for a quick run.
"""
import json
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Failure, Server, check, run  # noqa: E402
from watches import Watches  # noqa: E402

KILLS = int(os.environ.get('KILLS', '50'))
WATCHES = int(os.environ.get('WATCHES', '100'))
WRITERS = 8
PAUSE = 0.01  # between two writes of a writer: the test's own Python must keep up with WATCHES streams
BACK_WITHIN = 3.0 if os.environ.get('SAN') else 1.0  # sanitizers make a start slow
PATH = '/api/v1/namespaces/default/configmaps'


class Writer(threading.Thread):
    """Creates, changes and deletes its own objects; remembers what was acknowledged."""

    def __init__(self, server, number):
        super().__init__(daemon=True)
        self.api, self.number, self.stop = server.api(timeout=10), number, False
        self.acked = []   # (resourceVersion or 0 for deletes, type, name)
        self.state = {}   # name -> value, or None while the outcome of a write is not known
        self.errors = []

    def one(self, i):
        name = 'w%d-%d' % (self.number, random.randrange(20))
        obj = {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': name}, 'data': {'v': str(i)}}
        known, self.state_before = name in self.state, self.state.get(name)
        verb = 'POST' if not known else random.choice(['PUT', 'PUT', 'DELETE'])
        self.state[name] = None
        body = obj if verb != 'DELETE' else None
        status, got = self.api.call(verb, PATH if verb == 'POST' else PATH + '/' + name, body)
        if status in (200, 201):
            if verb == 'DELETE':
                del self.state[name]
                self.acked.append((0, 'DELETED', name))
            else:
                self.state[name] = str(i)
                self.acked.append((int(got['metadata']['resourceVersion']), 'ADDED' if verb == 'POST' else 'MODIFIED', name))
            return
        # after an unknown outcome the next write of that name may meet either state
        if self.state_before is None and known and status in (404, 409):
            if status == 404:
                del self.state[name]
            return
        if self.state_before is None and not known and status == 409:
            return
        if status >= 500 or status == 429:
            return
        self.errors.append('%s %s: %d %s' % (verb, name, status, got))

    def run(self):
        i = 0
        while not self.stop:
            i += 1
            try:
                self.one(i)
            except Exception:  # the connection's worker died: outcome unknown, go on
                time.sleep(0.02)
            time.sleep(PAUSE)
        self.api.close()


def back_after(server, start):
    """Seconds from start until a new connection can write again and every child is there."""
    while time.monotonic() < start + 10:
        try:
            api = server.api(timeout=2)
            status, _ = api.patch(PATH + '/probe', {'data': {'at': str(time.monotonic())}})
            api.close()
            if status == 200:
                return time.monotonic() - start
        except Exception:
            pass
        time.sleep(0.01)
    raise Failure('no service 10 s after a kill')


def kill_one(server, role):
    before = server.children()
    pid = random.choice(before[role])
    start = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    took = back_after(server, start)
    while True:
        after = server.children()
        if len(after.get(role, [])) == len(before[role]):
            break
        check(time.monotonic() < start + 5, '%s was not replaced within 5 s' % role)
        time.sleep(0.02)
    for other, pids in before.items():
        for p in pids:
            check(p == pid or p in after.get(other, []), 'killing a %s restarted a %s' % (role, other))
    return took


def compare(watches, writers, state):
    for w in watches:
        check(not w.wrong, 'a watch saw %r' % (w.wrong[:3],))
    longest = max((w.seen for w in watches), key=len)
    for i, w in enumerate(watches):
        if w.seen != longest:
            missing = set(longest) - set(w.seen)
            raise Failure('watch %d differs from the others: %d of %d events, missing %r' %
                          (i, len(w.seen), len(longest), sorted(missing)[:3]))
    seen = set(longest)
    deleted = {}
    for _, kind, name in longest:
        deleted[name] = deleted.get(name, 0) + (kind == 'DELETED')
    for writer in writers:
        check(not writer.errors, 'writer: %r' % writer.errors[:3])
        for rv, kind, name in writer.acked:
            check(rv == 0 or (rv, kind, name) in seen, 'acknowledged %s %s at %d is in no watch' % (kind, name, rv))
        for name in {n for _, _, n in writer.acked}:
            wanted = sum(1 for _, k, n in writer.acked if k == 'DELETED' and n == name)
            check(deleted.get(name, 0) >= wanted, '%s: %d deletions acknowledged, %d seen' % (name, wanted, deleted.get(name, 0)))
        for name, value in writer.state.items():
            if value is not None:
                check(state.get(name) == value, '%s holds %r, acknowledged was %r' % (name, state.get(name), value))


def kill_every_process():
    with Server('--workers=2') as server:
        api = server.api()
        status, probe = api.create(PATH, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'probe'}})
        check(status == 201, 'creating the probe: %d %s' % (status, probe))
        watches = Watches(server, PATH, int(probe['metadata']['resourceVersion']), WATCHES)
        watches.start()
        writers = [Writer(server, i) for i in range(WRITERS)]
        for w in writers:
            w.start()
        time.sleep(2)
        roles, slowest = ['watcher', 'worker', 'keeper', 'worker'], (0, '')
        for i in range(KILLS):
            took = kill_one(server, roles[i % len(roles)])
            slowest = max(slowest, (took, roles[i % len(roles)]))
            time.sleep(random.uniform(0.1, 0.4))
        for w in writers:
            w.stop = True
        for w in writers:
            w.join(15)
        api.close()
        status, items = server.api().get(PATH)
        check(status == 200, 'list: %d' % status)
        last = int(items['metadata']['resourceVersion'])
        newest = max(int(i['metadata']['resourceVersion']) for i in items['items'])
        end = time.monotonic() + 30
        while time.monotonic() < end and any(w.rv < newest for w in watches.all):
            time.sleep(0.1)
        time.sleep(0.5)
        state = {i['metadata']['name']: i.get('data', {}).get('v') for i in items['items']}
        compare(watches.all, writers, state)
        acked = sum(len(w.acked) for w in writers)
        print('# %d kills, %d writes acknowledged, %d events on each of %d watches (%d reconnects), up to revision %d, '
              'slowest return %.3f s after killing a %s' %
              (KILLS, acked, len(watches.all[0].seen), WATCHES, sum(w.broken for w in watches.all), last, *slowest))
        check(acked > KILLS * 10, 'only %d writes were acknowledged' % acked)
        check(slowest[0] < BACK_WITHIN, 'service was away for %.2f s after killing a %s' % slowest)


run(kill_every_process)
