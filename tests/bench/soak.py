#!/usr/bin/env python3
"""Churn for hours, and whether anything grows: private memory of every process, the cache's file, open descriptors.

Pods come, change and go at RATE requests a second for SECONDS, while watches stand, break and come back, lists are read
and connections are opened and closed. Every minute a line; the end compares the last quarter of the time with the
second one, because the first fills windows and heaps. Exit status 1 when private memory grew by more than a tenth and
2 MiB. STORE=etcd: on an etcd of its own.
"""
import http.client
import itertools
import json
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import TOKEN, Server, check, run  # noqa: E402

SECONDS, RATE = int(os.environ.get('SECONDS', '7200')), int(os.environ.get('RATE', '50'))
PODS, WATCHES, EVERY = int(os.environ.get('PODS', '5000')), int(os.environ.get('WATCHES', '20')), 60
SPACE = '/api/v1/namespaces/default/pods'


def pod(i):
    return {'apiVersion': 'v1', 'kind': 'Pod',
            'metadata': {'name': 'p%d' % i, 'labels': {'app': 'a%d' % (i % 50)}, 'annotations': {'x': 'y' * 800}},
            'spec': {'nodeName': 'n%d' % (i % 100), 'containers': [{'name': 'c', 'image': 'example/image:1'}]}}


class Churn(threading.Thread):
    """One life after another: create, patch, list a page, delete what is PODS older."""

    def __init__(self, server, over):
        super().__init__(daemon=True)
        self.server, self.over, self.done, self.failed = server, over, 0, 0

    def ask(self, api, method, path, body=None):
        try:
            status = api.call(method, path, body, {'Content-Type': 'application/merge-patch+json'} if method == 'PATCH'
                              else {'Content-Type': 'application/json'}, raw=True)[0]
        except Exception:
            status = 0
        self.done += 1
        self.failed += not 200 <= status < 300

    def run(self):
        api, start = self.server.api(), time.monotonic()
        for i in itertools.count():
            if self.over.is_set():
                return
            self.ask(api, 'POST', SPACE, json.dumps(pod(i)))
            self.ask(api, 'PATCH', SPACE + '/p%d' % i, '{"metadata":{"labels":{"turn":"%d"}}}' % i)
            if i >= PODS:
                self.ask(api, 'DELETE', SPACE + '/p%d?gracePeriodSeconds=0' % (i - PODS))
            if i % 20 == 0:
                self.ask(api, 'GET', SPACE + '?limit=500&labelSelector=app%3Da' + str(i % 50))
            if i % 50 == 0:  # another connection
                api.close()
                api = self.server.api()
            late = start + self.done / RATE - time.monotonic()
            if late > 0:
                time.sleep(late)


class Watch(threading.Thread):
    """Stands for up to EVERY seconds, then comes back on another connection; what it is told is thrown away."""

    def __init__(self, server, over):
        super().__init__(daemon=True)
        self.server, self.over, self.bytes, self.streams = server, over, 0, 0

    def stream(self):
        conn = http.client.HTTPSConnection('127.0.0.1', self.server.port, context=self.server.tls, timeout=2 * EVERY)
        try:
            conn.request('GET', SPACE + '?watch=1&timeoutSeconds=%d' % random.randint(5, EVERY),
                         headers={'Authorization': 'Bearer ' + TOKEN})
            answer = conn.getresponse()
            self.streams += 1
            while not self.over.is_set():
                data = answer.read1(1 << 16)
                if not data:
                    return
                self.bytes += len(data)
        finally:
            conn.close()

    def run(self):
        while not self.over.is_set():
            self.stream()


def anonymous_kib(pid):
    """Private memory that is no file's: pages of the cache are counted private where one process alone has touched them."""
    with open('/proc/%d/smaps_rollup' % pid) as f:
        return sum(int(line.split()[1]) for line in f if line.startswith('Anonymous:'))


def measure(server):
    out = {}
    for role, pids in server.children().items():
        for n, pid in enumerate(pids):
            out['%s%d' % (role, n)] = anonymous_kib(pid)
            out['%s%d fds' % (role, n)] = len(os.listdir('/proc/%d/fd' % pid))
    out['master'] = anonymous_kib(server.process.pid)
    stores = [os.path.join(d, f) for d, _, fs in os.walk(server.dir) for f in fs if f == 'data.mdb']
    out['cache'] = sum(os.stat(f).st_blocks // 2 for f in stores)
    return out


def average(rows, key):
    return sum(r.get(key, 0) for r in rows) / len(rows)


def soak():
    over = threading.Event()
    with Server('--workers=2') as server:
        churn, watches = Churn(server, over), [Watch(server, over) for _ in range(WATCHES)]
        for t in [churn] + watches:
            t.start()
        rows, start = [], time.monotonic()
        while time.monotonic() < start + SECONDS:
            time.sleep(min(EVERY, max(1, start + SECONDS - time.monotonic())))
            rows.append(measure(server))
            print('# %5d s: %d requests, %d failed, %d streams, %d MiB of events; KiB %s' %
                  (time.monotonic() - start, churn.done, churn.failed, sum(w.streams for w in watches),
                   sum(w.bytes for w in watches) >> 20, rows[-1]), flush=True)
        over.set()
        churn.join(30)
        check(churn.failed == 0, '%d requests failed' % churn.failed)
        check(all(w.streams for w in watches), 'a watch never stood')
        q = max(1, len(rows) // 4)
        early, late = rows[q:2 * q] or rows, rows[-q:]
        for key in rows[-1]:
            was, now = average(early, key), average(late, key)
            print('# %-14s %10.0f then %10.0f' % (key, was, now))
            check(key == 'cache' or now <= max(was * 1.1, was + 2048), '%s grew from %.0f to %.0f' % (key, was, now))


run(soak)
