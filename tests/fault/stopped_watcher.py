#!/usr/bin/env python3
"""A watcher that stops reading while EVENTS (10000) changes pass: nobody else is delayed, the server holds less than
1 MiB for it, and when it reads again it gets every event in order, or 410 when they left the window."""
import json
import os
import re
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import TOKEN, Server, check, run  # noqa: E402

EVENTS = int(os.environ.get('EVENTS', '10000'))
STOPPED_S = float(os.environ.get('STOPPED_S', '5'))  # the watcher stands still at least this long
WRITERS = 4
PATH = '/api/v1/namespaces/default/configmaps'
VERSION = re.compile(rb'"resourceVersion":"(\d+)"')


def open_watch(server, since, small=False):
    raw = socket.socket()
    if small:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(('127.0.0.1', server.port))
    tls = server.tls.wrap_socket(raw, server_hostname='127.0.0.1')
    tls.sendall(('GET %s?watch=true&resourceVersion=%d&timeoutSeconds=3000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n'
                 % (PATH, since, TOKEN)).encode())
    return tls


class Reader(threading.Thread):
    """Reads a stream line by line; notes versions and when the newest came."""

    def __init__(self, tls):
        super().__init__(daemon=True)
        self.tls, self.versions, self.error, self.at = tls, [], None, {}

    def run(self):
        f = self.tls.makefile('rb')
        while f.readline().strip():
            pass
        rest = b''
        while True:
            size = int(f.readline() or b'0', 16)
            if size == 0:
                return
            rest += f.read(size + 2)[:-2]
            *lines, rest = rest.split(b'\n')
            now = time.monotonic()
            for line in lines:
                if line.startswith(b'{"type":"ERROR"'):
                    self.error = json.loads(line)['object']
                    continue
                v = int(VERSION.search(line).group(1))
                self.versions.append(v)
                self.at[v] = now


def memory(pids):
    total = 0
    for pid in pids:
        with open('/proc/%d/smaps_rollup' % pid) as f:
            for line in f:
                if line.startswith('Pss_Anon:'):  # the ring is shared, of fixed size, and filled by any event
                    total += int(line.split()[1]) * 1024
    return total


def write(server, number, count, sent, size):
    api = server.api()
    for i in range(count):
        status, got = api.patch(PATH + '/w%d' % number, {'data': {'v': '%d %s' % (i, 'x' * size)}})
        check(status == 200, 'patch: %d %s' % (status, got))
        sent[int(got['metadata']['resourceVersion'])] = time.monotonic()
    api.close()


def changes(server, count, sent, size=200):
    threads = [threading.Thread(target=write, args=(server, n, count // WRITERS, sent, size)) for n in range(WRITERS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def prepare(server):
    api = server.api()
    for n in range(WRITERS):
        status, got = api.create(PATH, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'w%d' % n}})
        check(status == 201, 'create: %d %s' % (status, got))
    return int(got['metadata']['resourceVersion'])


def stopped_watcher_gets_everything():
    # who takes nothing at all for --idle-timeout is dropped: with many events on a busy machine that may come first
    with Server('--workers=1', '--idle-timeout=30m') as server:
        since, sent = prepare(server), {}
        healthy = Reader(open_watch(server, since))
        healthy.start()
        changes(server, EVENTS // 10, sent)
        workers = server.children()['worker']
        before = memory(workers)
        stopped, until = open_watch(server, since, small=True), time.monotonic() + STOPPED_S
        changes(server, EVENTS - EVENTS // 10, sent)
        time.sleep(max(1.0, until - time.monotonic()))
        held = memory(workers) - before
        late = sorted(healthy.at[v] - t for v, t in sent.items() if v in healthy.at)
        check(len(late) == len(sent), 'the healthy watcher got %d of %d' % (len(late), len(sent)))
        reader = Reader(stopped)
        reader.start()
        end = time.monotonic() + 60
        while time.monotonic() < end and len(reader.versions) < len(sent) and not reader.error:
            time.sleep(0.1)
        check(not reader.error, 'the window was left although it is large enough: %r' % reader.error)
        check(reader.versions == sorted(sent), 'after reading again %d of %d events came' % (len(reader.versions), len(sent)))
        print('# %d events; held for the stopped watcher %d KiB; healthy watcher: median %.1f ms, worst %.1f ms behind the writer' %
              (len(sent), held // 1024, late[len(late) // 2] * 1000, late[-1] * 1000))
        if not os.environ.get('SAN'):  # a sanitizer keeps what was freed
            check(held < 1 << 20, 'the server holds %d KiB for it' % (held // 1024))
        check(late[-1] < 1.0, 'the healthy watcher was %.2f s late' % late[-1])


def watcher_behind_the_window_gets_410():
    with Server('--workers=1', '--cache-window-bytes=1048576') as server:
        since, sent = prepare(server), {}
        stopped = open_watch(server, since, small=True)
        changes(server, 4000, sent, size=4000)  # more than socket buffers and window hold
        reader = Reader(stopped)
        reader.start()
        reader.join(30)
        check(not reader.is_alive(), 'the stream did not end')
        check(reader.error and reader.error['code'] == 410 and reader.error['reason'] == 'Expired', 'error: %r' % reader.error)
        expected = sorted(sent)[:len(reader.versions)]
        check(reader.versions == expected, 'events before the error are not the first ones')


run(stopped_watcher_gets_everything, watcher_behind_the_window_gets_410)
