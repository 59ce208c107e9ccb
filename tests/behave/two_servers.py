#!/usr/bin/env python3
"""Two cubed on one etcd: what one has written the other shows at once, a watch on either sees everything once, and
writers that race over both leave a history in which each object's versions follow each other."""
import http.client
import json
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import TOKEN, Server, check, run  # noqa: E402
from etcd import Etcd  # noqa: E402

MAPS, COUNTERS, WRITERS, SECONDS = '/api/v1/namespaces/default/configmaps', 3, 6, 6


def config_map(name, **data):
    return {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': name}, 'data': data}


def what_one_writes_the_other_shows():
    with Etcd() as etcd, Server('--workers=2', etcd=etcd) as a, Server('--workers=2', etcd=etcd) as b:
        one, other = a.api(), b.api()
        for i in range(50):
            one, other = other, one
            status, made = one.create(MAPS, config_map('m%d' % i))
            check(status == 201, 'create: %s' % made)
            status, seen = other.get(MAPS + '/m%d' % i)
            check(status == 200 and seen == made, 'not there on the other: %s' % seen)
            check(len(other.get(MAPS)[1]['items']) == i + 1, 'the list is old')
            status, changed = other.patch(MAPS + '/m%d' % i, {'data': {'x': '1'}})
            check(status == 200, 'patch: %s' % changed)
            check(one.update(MAPS + '/m%d' % i, made)[0] == 409, 'an update of the old state')
            check(one.get(MAPS + '/m%d' % i)[1] == changed, 'the patch is not seen')


class Watch(threading.Thread):
    def __init__(self, server, version):
        super().__init__(daemon=True)
        self.conn = http.client.HTTPSConnection('127.0.0.1', server.port, context=server.tls, timeout=60)
        self.path, self.events = MAPS + '?watch=1&resourceVersion=' + version, []

    def run(self):
        self.conn.request('GET', self.path, headers={'Authorization': 'Bearer ' + TOKEN})
        answer = self.conn.getresponse()
        while True:
            line = answer.readline()
            if not line:
                return
            e = json.loads(line)
            self.events.append((e['type'], e['object']['metadata']['name'],
                                int(e['object']['metadata']['resourceVersion']), (e['object'].get('data') or {}).get('n')))


def count_up(server, number, end, log):
    """Reads a counter, writes it one higher under the version it read; sometimes reads after a write of its own, and
    what it then sees must not be older."""
    api, rnd = server.api(), random.Random(number)
    while time.monotonic() < end:
        path = MAPS + '/c%d' % rnd.randrange(COUNTERS)
        begin = time.monotonic()
        status, obj = api.get(path)
        log.append(('read', path, int(obj['data']['n']), begin, time.monotonic()))
        n = int(obj['data']['n']) + 1
        obj['data'] = {'n': str(n), 'by': str(number)}
        begin = time.monotonic()
        status, body = api.update(path, obj)
        check(status in (200, 409), 'update: %s' % body)
        if status == 200:
            log.append(('write', path, n, begin, time.monotonic()))


def racing_writers_leave_one_history():
    with Etcd() as etcd, Server('--workers=2', etcd=etcd) as a, Server('--workers=2', etcd=etcd) as b:
        for i in range(COUNTERS):
            check(a.api().create(MAPS, config_map('c%d' % i, n='0'))[0] == 201, 'create')
        version = a.api().get(MAPS)[1]['metadata']['resourceVersion']
        watches = [Watch(a, version), Watch(b, version)]
        logs, end = [[] for _ in range(WRITERS)], time.monotonic() + SECONDS
        writers = [threading.Thread(target=count_up, args=((a, b)[i % 2], i, end, logs[i])) for i in range(WRITERS)]
        for t in watches + writers:
            t.start()
        for t in writers:
            t.join()
        steps = sorted((s for log in logs for s in log), key=lambda s: s[3])
        total = 0
        for i in range(COUNTERS):
            path = MAPS + '/c%d' % i
            writes = {s[2]: s for s in steps if s[0] == 'write' and s[1] == path}
            numbers = [s[2] for s in steps if s[0] == 'write' and s[1] == path]
            check(len(numbers) == len(set(numbers)), 'a number was written twice: a lost update')
            check(int(a.api().get(path)[1]['data']['n']) == len(numbers) == max(writes, default=0), 'a write was lost')
            for s in (s for s in steps if s[1] == path and s[0] == 'read'):
                before = max((w[2] for w in writes.values() if w[4] < s[3]), default=0)
                check(s[2] >= before, 'an old read: %s after %d was acknowledged' % (s, before))
                check(s[2] == 0 or writes[s[2]][3] < s[4], 'a read of what was not written yet')
            total += len(numbers)
        version = int(a.api().get(MAPS)[1]['metadata']['resourceVersion'])
        for w in watches:
            stop = time.monotonic() + 10
            while len(w.events) < total and time.monotonic() < stop:
                time.sleep(0.05)
            check(len(w.events) == total, '%d events of %d writes' % (len(w.events), total))
        check(watches[0].events == watches[1].events, 'the watches differ')
        check([e[2] for e in w.events] == sorted({e[2] for e in w.events}), 'revisions do not rise')
        print('# %d writes, %d reads' % (total, len(steps) - total))


run(what_one_writes_the_other_shows, racing_writers_leave_one_history)
